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

{{- /* Envoy is alive while its port takes connections, and ready while its health path says 200, which needs a healthy gate. A
listener that requires client certificates can only be connected to. */}}
{{- define "dcr.envoyProbes" -}}
{{- $probe := .Values.gateway.envoy.probe -}}
{{- $tcp := dict "tcpSocket" (dict "port" $probe.service) -}}
{{- $check := $tcp -}}
{{- if eq $probe.type "http" }}{{ $check = dict "httpGet" (dict "path" $probe.path "port" $probe.service "scheme" "HTTPS") }}{{ end -}}
startupProbe:
  {{- toYaml (merge (deepCopy $check) .Values.gateway.envoy.startupProbe) | nindent 2 }}
livenessProbe:
  {{- toYaml (merge (deepCopy $tcp) .Values.gateway.envoy.livenessProbe) | nindent 2 }}
readinessProbe:
  {{- toYaml (merge (deepCopy $check) .Values.gateway.envoy.readinessProbe) | nindent 2 }}
{{- end }}
