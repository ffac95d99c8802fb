{{- /* Of gateway pods alone. */}}

{{- /* After the drain time edge allows 15 seconds more, and the gate outlives it by two. */}}
{{- define "dcr.gatewayNeeds" -}}
{{- add (int .Values.gateway.preStopSleepSeconds) (int .Values.gateway.drainSeconds) 17 }}
{{- end }}

{{- define "dcr.gatewayGrace" -}}
{{- .Values.gateway.terminationGracePeriodSeconds | default (include "dcr.gatewayNeeds" .) }}
{{- end }}

{{- /* Kubernetes ends the gate after Envoy. If it should not, the gate stays for as long as Envoy may need. */}}
{{- define "dcr.linger" -}}
{{- add (int .Values.gateway.drainSeconds) 15 }}
{{- end }}

{{- /* Go's garbage collector learns the memory limit, if there is one, and keeps a tenth of it free. */}}
{{- define "dcr.memoryEnv" -}}
{{- with dig "limits" "memory" "" . }}
- name: GOMEMLIMIT
  valueFrom: {resourceFieldRef: {resource: limits.memory}}
{{- end }}
{{- end }}
