{{- /* Values that contradict each other, each with a sentence that says what to do. */}}
{{- define "dcr.checks" -}}
{{- $values := .Values -}}
{{- if and $values.redis.embedded (or $values.redis.url $values.redis.urlSecret.name) }}
{{- fail "redis.embedded starts a Redis for a trial, and redis.url or redis.urlSecret names another: set redis.embedded=false to use yours" }}
{{- end }}
{{- if not (or $values.redis.embedded $values.redis.url $values.redis.urlSecret.name) }}
{{- fail "no Redis is named: set redis.url or redis.urlSecret.name, or redis.embedded=true for a trial" }}
{{- end }}
{{- end }}
