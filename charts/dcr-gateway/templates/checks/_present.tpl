{{- /* Checks that what the values name is there. Only a cluster can tell: "helm template" skips them. */}}

{{- /* The Secrets and ConfigMaps that the values name, with the keys that are needed: a JSON list of {kind, name, keys, why}. */}}
{{- define "dcr.named" -}}
{{- $all := list -}}
{{- $pair := list "tls.crt" "tls.key" -}}
{{- range $name, $certificate := include "dcr.certificates" . | fromJson }}
{{- if and (eq $certificate.source "secret") $certificate.secretName }}{{ $all = append $all (dict "kind" "Secret" "name" $certificate.secretName "keys" $pair "why" (printf "tls.certificates.%s.secretName" $name)) }}{{ end }}
{{- end }}
{{- $tls := .Values.registry.tls -}}
{{- if eq $tls.source "secret" }}
{{- range $key := list "clientSecretName" "serverSecretName" }}
{{- with index $tls $key }}{{ $all = append $all (dict "kind" "Secret" "name" . "keys" (append $pair "ca.crt") "why" (printf "registry.tls.%s" $key)) }}{{ end }}
{{- end }}
{{- end }}
{{- $redis := .Values.redis -}}
{{- range $key := list "urlSecret" "passwordSecret" }}
{{- $secret := index $redis $key -}}
{{- if $secret.name }}{{ $all = append $all (dict "kind" "Secret" "name" $secret.name "keys" (list $secret.key) "why" (printf "redis.%s" $key)) }}{{ end }}
{{- end }}
{{- with $redis.clientCertificateSecret }}{{ $all = append $all (dict "kind" "Secret" "name" . "keys" $pair "why" "redis.clientCertificateSecret") }}{{ end }}
{{- range $why, $ca := dict "redis.ca" $redis.ca "tracing.ca" $.Values.tracing.ca }}
{{- if $ca.secret }}{{ $all = append $all (dict "kind" "Secret" "name" $ca.secret "keys" (list $ca.key) "why" $why) }}{{ end }}
{{- if $ca.configMap }}{{ $all = append $all (dict "kind" "ConfigMap" "name" $ca.configMap "keys" (list $ca.key) "why" $why) }}{{ end }}
{{- end }}
{{- range $i, $entry := .Values.config.existing }}
{{- $kind := ternary "Secret" "ConfigMap" (not (empty $entry.secret)) -}}
{{- with or $entry.secret $entry.configMap }}{{ $all = append $all (dict "kind" $kind "name" . "keys" (keys ($entry.items | default dict) | sortAlpha) "why" (printf "config.existing[%d]" $i)) }}{{ end }}
{{- end }}
{{- with .Values.tracing.clientCertificateSecret }}{{ $all = append $all (dict "kind" "Secret" "name" . "keys" $pair "why" "tracing.clientCertificateSecret") }}{{ end }}
{{- with .Values.tracing.headersSecret }}{{ if .name }}{{ $all = append $all (dict "kind" "Secret" "name" .name "keys" (list .key) "why" "tracing.headersSecret") }}{{ end }}{{ end }}
{{- toJson $all }}
{{- end }}

{{- define "dcr.check.present" -}}
{{- /* Every namespace has this one, so it tells whether there is a cluster to ask, and the namespace in it. */}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" }}
{{- range include "dcr.named" . | fromJsonArray }}
{{- $found := lookup "v1" .kind $.Release.Namespace .name -}}
{{- if not $found }}
{{ .kind }} {{ .name }}, which {{ .why }} names, is not in the namespace {{ $.Release.Namespace }}: make it first
{{- else }}
{{- $data := merge (dict) ($found.data | default dict) ($found.binaryData | default dict) -}}
{{- $entry := . -}}
{{- range .keys }}
{{- if not (hasKey $data .) }}
{{ $entry.kind }} {{ $entry.name }}, which {{ $entry.why }} names, has no key {{ . }}; it has {{ keys $data | sortAlpha | join ", " | default "none" }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
