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

{{- /* Go's garbage collector learns 85 % of the memory limit, if there is one: the rest is what it does not count. */}}
{{- define "dcr.memoryEnv" -}}
{{- with dig "limits" "memory" "" . }}
{{- with include "dcr.bytes" . }}
- {name: GOMEMLIMIT, value: "{{ div (mul (int64 .) 85) 100 }}"}
{{- end }}
{{- end }}
{{- end }}

{{- /* A quantity of memory in bytes; nothing for one that is not whole, which Kubernetes takes too. */}}
{{- define "dcr.bytes" -}}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- $text := toString . -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- $number := trimSuffix $unit $text -}}
{{- if and (hasKey $factors $unit) (regexMatch "^[0-9]+$" $number) }}{{ mul (int64 $number) (index $factors $unit) }}{{ end }}
{{- end }}
