{{- /* Values that contradict each other. Each template of a group writes one line for each problem, a sentence that says what to do; all
problems are reported together. */}}
{{- define "dcr.checks" -}}
{{- $problems := list -}}
{{- range $group := list "names" "redis" "config" "services" "certificates" "pods" "scaling" "network" "monitoring" "tracing" "test" "present" }}
{{- range splitList "\n" (include (printf "dcr.check.%s" $group) $) }}
{{- with trim . }}{{ $problems = append $problems (printf "- %s" .) }}{{ end }}
{{- end }}
{{- end }}
{{- if $problems }}
{{- fail (printf "\n\nthese values cannot be used:\n%s\n" (join "\n" $problems)) }}
{{- end }}
{{- end }}

{{- define "dcr.check.names" -}}
{{- range $what, $image := dict "image" .Values.image "gateway.envoy.image" .Values.gateway.envoy.image "redis.trial.image" .Values.redis.trial.image "jobs.refresh.image" .Values.jobs.refresh.image }}
{{- if and $image.tag $image.digest (ne $image.tag (dig $what "" (include "dcr.defaultTags" $ | fromJson))) }}
{{ $what }}.tag and {{ $what }}.digest name two images: give one of them
{{- end }}
{{- end }}
{{- range $what, $labels := dict "commonLabels" .Values.commonLabels "gateway.podLabels" .Values.gateway.podLabels "registry.podLabels" .Values.registry.podLabels }}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "app.kubernetes.io/part-of" "helm.sh/chart" }}
{{- if hasKey $labels . }}
{{ $what }} has the label {{ . }}, which the chart sets itself: remove it, or use nameOverride
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The tags of values.yaml: a digest replaces them without a word. */}}
{{- define "dcr.defaultTags" -}}
{"gateway.envoy.image": "distroless-v1.40.0", "redis.trial.image": "7.2", "jobs.refresh.image": "v1.34.2"}
{{- end }}

{{- define "dcr.check.redis" -}}
{{- $redis := .Values.redis -}}
{{- if and $redis.embedded (or $redis.url $redis.urlSecret.name) }}
redis.embedded starts a Redis for a trial, and redis.url or redis.urlSecret names another: set redis.embedded=false to use yours
{{- end }}
{{- if not (or $redis.embedded $redis.url $redis.urlSecret.name) }}
no Redis is named: set redis.url or redis.urlSecret.name, or redis.embedded=true for a trial
{{- end }}
{{- if and $redis.url $redis.urlSecret.name }}
redis.url and redis.urlSecret name two URLs: give one of them
{{- end }}
{{- if and $redis.embedded (or $redis.passwordSecret.name $redis.ca.secret $redis.ca.configMap $redis.clientCertificateSecret) }}
redis.embedded is a trial's Redis, which makes its own password and has no TLS: set redis.embedded=false and redis.url for a Redis with redis.passwordSecret, redis.ca or redis.clientCertificateSecret
{{- end }}
{{- if and (not $redis.embedded) $redis.trial.persistence.enabled }}
redis.trial.persistence is for the trial's Redis, which redis.embedded=false leaves out: remove it
{{- end }}
{{- if regexMatch "^[a-z+]+://[^/?]*:[^/?@]*@" $redis.url }}
redis.url holds a password, which the release and every process list would show: put the password into a Secret and name it in redis.passwordSecret
{{- end }}
{{- if and $redis.ca.secret $redis.ca.configMap }}
redis.ca names a Secret and a ConfigMap: give one of them
{{- end }}
{{- if and $redis.url (not (hasPrefix "rediss" $redis.url)) (or $redis.ca.secret $redis.ca.configMap $redis.clientCertificateSecret) }}
redis.ca and redis.clientCertificateSecret are for TLS, and redis.url is without: write rediss:// for redis://
{{- end }}
{{- end }}

{{- define "dcr.check.tracing" -}}
{{- $tracing := .Values.tracing -}}
{{- $tls := or $tracing.ca.secret $tracing.ca.configMap $tracing.clientCertificateSecret -}}
{{- if and $tracing.otlp (not (regexMatch "^https?://[^/?#@]+$" $tracing.otlp)) }}
tracing.otlp must be http://HOST:PORT or https://HOST:PORT, without a path
{{- end }}
{{- if and $tls (not (hasPrefix "https://" $tracing.otlp)) }}
tracing.ca and tracing.clientCertificateSecret are for TLS, and tracing.otlp is without: write https:// there
{{- end }}
{{- if and $tracing.ca.secret $tracing.ca.configMap }}
tracing.ca names a Secret and a ConfigMap: give one of them
{{- end }}
{{- end }}

{{- define "dcr.check.test" -}}
{{- $conform := .Values.test.conform -}}
{{- if and .Values.test.enabled (not (hasKey (include "dcr.services" . | fromJson) .Values.test.service)) }}
test.service names {{ .Values.test.service }}, and services has no such name: choose another, or test.enabled=false
{{- end }}
{{- if $conform.enabled }}
{{- range list "secretName" "kid" "audience" }}
{{- if not (index $conform .) }}
test.conform.enabled needs test.conform.{{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
