{{- /* Of registry pods alone. */}}

{{- define "dcr.registryNeeds" -}}
{{- add (int .Values.registry.preStopSleepSeconds) 15 }}
{{- end }}

{{- define "dcr.registryGrace" -}}
{{- .Values.registry.terminationGracePeriodSeconds | default (include "dcr.registryNeeds" .) }}
{{- end }}
