{{- /* How gate, registry and Jobs reach Redis. */}}

{{- define "dcr.redisEnv" -}}
- name: DCR_REDIS_URL
  {{- if .Values.redis.urlSecret.name }}
  valueFrom: {secretKeyRef: {name: {{ .Values.redis.urlSecret.name }}, key: {{ .Values.redis.urlSecret.key }}}}
  {{- else }}
  value: {{ include "dcr.redisURL" . | quote }}
  {{- end }}
{{- end }}

{{- /* The URL names the files that a password and certificates are in: they are read anew for each connection. */}}
{{- define "dcr.redisURL" -}}
{{- $redis := .Values.redis -}}
{{- $files := list -}}
{{- $url := $redis.url -}}
{{- if $redis.embedded }}{{ $url = printf "redis://%s-redis:6379/0" (include "dcr.fullname" .) }}{{ $files = append $files "password_file=/etc/dcr-gateway/redis/password" }}{{ end -}}
{{- if $redis.passwordSecret.name }}{{ $files = append $files "password_file=/etc/dcr-gateway/redis/password" }}{{ end -}}
{{- if or $redis.ca.secret $redis.ca.configMap }}{{ $files = append $files "ca_file=/etc/dcr-gateway/redis/ca.crt" }}{{ end -}}
{{- if $redis.clientCertificateSecret }}{{ $files = append $files "cert_file=/etc/dcr-gateway/redis/tls.crt" }}{{ $files = append $files "key_file=/etc/dcr-gateway/redis/tls.key" }}{{ end -}}
{{- $url -}}
{{- with $files }}{{ if contains "?" $url }}&{{ else }}?{{ end }}{{ join "&" . }}{{ end -}}
{{- end }}

{{- /* The sources of these files, for a projected volume at /etc/dcr-gateway. */}}
{{- define "dcr.redisSources" -}}
{{- $redis := .Values.redis -}}
{{- if $redis.embedded }}
- secret: {name: {{ include "dcr.fullname" . }}-redis, items: [{key: password, path: redis/password}]}
{{- end }}
{{- with $redis.passwordSecret.name }}
- secret: {name: {{ . }}, items: [{key: {{ $redis.passwordSecret.key }}, path: redis/password}]}
{{- end }}
{{- with $redis.ca.secret }}
- secret: {name: {{ . }}, items: [{key: {{ $redis.ca.key }}, path: redis/ca.crt}]}
{{- end }}
{{- with $redis.ca.configMap }}
- configMap: {name: {{ . }}, items: [{key: {{ $redis.ca.key }}, path: redis/ca.crt}]}
{{- end }}
{{- with $redis.clientCertificateSecret }}
- secret: {name: {{ . }}, items: [{key: tls.crt, path: redis/tls.crt}, {key: tls.key, path: redis/tls.key}]}
{{- end }}
{{- end }}
