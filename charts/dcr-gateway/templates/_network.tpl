{{- /* Rules that several policies have. */}}

{{- define "dcr.dnsEgress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  {{- with .dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "dcr.redisEgress" -}}
{{- if .Values.redis.embedded }}
- to:
    - podSelector:
        matchLabels:
          {{- include "dcr.selector" (list . "redis") | nindent 10 }}
  ports:
    - {port: redis, protocol: TCP}
{{- end }}
{{- end }}

{{- define "dcr.monitoringIngress" -}}
{{- with .monitoring }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - {port: 9100, protocol: TCP}
    - {port: 9101, protocol: TCP}
{{- end }}
{{- end }}
