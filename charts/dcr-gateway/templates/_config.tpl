{{- /* The configuration: files of routes.yaml, and where they come from. */}}

{{- /* The upstream "registry" of routes.yaml. */}}
{{- define "dcr.registryUpstream" -}}
registry:
  address: {{ include "dcr.fullname" . }}-registry:8443
  timeout: 5s
  tls:
    ca: registry/ca.crt
    server_name: {{ include "dcr.fullname" . }}-registry
    certificate: registry/tls.crt
    key: registry/tls.key
{{- end }}

{{- /* "true" if the chart writes the trial's routes.yaml, since no other is given. */}}
{{- define "dcr.trialConfig" -}}
{{- if not (or .Values.config.routes .Values.config.existing) }}true{{ end }}
{{- end }}

{{- /* The files that the chart writes, as path: text. A key of a ConfigMap has no slash, so folders become prefixes. */}}
{{- define "dcr.configFiles" -}}
{{- $files := dict -}}
{{- if include "dcr.trialConfig" . }}
{{- $_ := set $files "routes.yaml" (tpl (.Files.Get "files/trial-routes.yaml") .) }}
{{- $_ := set $files "directories/trial.yaml" (.Files.Get "files/trial-directory.yaml") }}
{{- $_ := set $files "ca/trial.crt" (include "dcr.trialCA" .) }}
{{- end }}
{{- with .Values.config.routes }}{{ $_ := set $files "routes.yaml" . }}{{ end }}
{{- range $folder := list "directories" "profiles" "ca" }}
{{- range $name, $text := index $.Values.config $folder }}
{{- $_ := set $files (printf "%s/%s" $folder $name) $text }}
{{- end }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{- /* A CA whose key nobody has. */}}
{{- define "dcr.trialCA" -}}
{{- $kept := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-config" (include "dcr.fullname" .)) -}}
{{- $kept = dig "data" "ca.trial.crt" "" ($kept | default dict) -}}
{{- $kept | default (genCA "dcr-gateway trial, whose key nobody has" 3650).Cert }}
{{- end }}

{{- /* The data of a ConfigMap with these files. */}}
{{- define "dcr.configData" -}}
{{- $data := dict -}}
{{- range $path, $text := include "dcr.configFiles" . | fromYaml }}{{ $_ := set $data ($path | replace "/" ".") $text }}{{ end -}}
{{- toYaml $data }}
{{- end }}

{{- /* The source of a projected volume for such a ConfigMap. Call with (list . NAME). */}}
{{- define "dcr.configSource" -}}
{{- $files := include "dcr.configFiles" (index . 0) | fromYaml -}}
{{- if $files }}
- configMap:
    name: {{ index . 1 }}
    items:
      {{- range $path, $_ := $files }}
      - {key: {{ $path | replace "/" "." }}, path: {{ $path }}}
      {{- end }}
{{- end }}
{{- end }}

{{- /* The sources of config.existing. Call with (list . ENTRIES). */}}
{{- define "dcr.existingSources" -}}
{{- range . }}
- {{ if .secret }}secret{{ else }}configMap{{ end }}:
    name: {{ .secret | default .configMap }}
    {{- with .items }}
    items:
      {{- range $key, $path := . }}
      - {key: {{ $key | quote }}, path: {{ $path | quote }}}
      {{- end }}
    {{- end }}
{{- end }}
{{- end }}

{{- /* The sources of server certificates. */}}
{{- define "dcr.certificateSources" -}}
{{- range $name, $_ := include "dcr.certificates" . | fromJson }}
- secret:
    name: {{ include "dcr.certificateSecret" (list $ $name) }}
    items: [{key: tls.crt, path: tls/{{ $name }}.crt}, {key: tls.key, path: tls/{{ $name }}.key}]
{{- end }}
{{- end }}

{{- /* The Secret of a server certificate. Call with (list . "server"). */}}
{{- define "dcr.certificateSecret" -}}
{{- $root := index . 0 -}}
{{- $certificate := index (include "dcr.certificates" $root | fromJson) (index . 1) -}}
{{- if eq $certificate.source "secret" }}{{ $certificate.secretName }}{{ else }}{{ include "dcr.fullname" $root }}-tls-{{ index . 1 }}{{ end }}
{{- end }}

{{- /* The Secrets for mTLS between Envoy and registry. Call with (list . "client") or (list . "server"). */}}
{{- define "dcr.registrySecret" -}}
{{- $root := index . 0 -}}
{{- $tls := $root.Values.registry.tls -}}
{{- if eq $tls.source "secret" }}{{ index $tls (printf "%sSecretName" (index . 1)) }}{{ else }}{{ include "dcr.fullname" $root }}-registry-{{ index . 1 }}{{ end }}
{{- end }}

{{- /* The volume of a gateway's configuration: one, so that all files change at once. */}}
{{- define "dcr.gatewayVolume" -}}
name: config
projected:
  defaultMode: 0440
  sources:
    {{- include "dcr.configSource" (list . (printf "%s-config" (include "dcr.fullname" .))) | nindent 4 }}
    {{- include "dcr.existingSources" .Values.config.existing | nindent 4 }}
    {{- include "dcr.certificateSources" . | nindent 4 }}
    - secret:
        name: {{ include "dcr.registrySecret" (list . "client") }}
        items: [{key: ca.crt, path: registry/ca.crt}, {key: tls.crt, path: registry/tls.crt}, {key: tls.key, path: registry/tls.key}]
    {{- include "dcr.redisSources" . | nindent 4 }}
    {{- include "dcr.tracingSources" . | nindent 4 }}
{{- end }}

{{- /* The volume of a registry: its certificates, and the secret files that routes.yaml names. */}}
{{- define "dcr.registryVolume" -}}
name: config
projected:
  defaultMode: 0440
  sources:
    - secret:
        name: {{ include "dcr.registrySecret" (list . "server") }}
        items: [{key: ca.crt, path: registry/ca.crt}, {key: tls.crt, path: registry/tls.crt}, {key: tls.key, path: registry/tls.key}]
    {{- $secrets := list }}
    {{- range .Values.config.existing }}{{ if .registry }}{{ $secrets = append $secrets . }}{{ end }}{{ end }}
    {{- include "dcr.existingSources" $secrets | nindent 4 }}
    {{- include "dcr.redisSources" . | nindent 4 }}
    {{- include "dcr.tracingSources" . | nindent 4 }}
{{- end }}
