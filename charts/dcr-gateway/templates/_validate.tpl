{{- /* The names of all server certificates. */}}
{{- define "dcr.allNames" -}}
{{- $names := list -}}
{{- range $name, $_ := include "dcr.certificates" . | fromJson }}{{ $names = concat $names (include "dcr.certificateNames" (list $ $name) | fromJsonArray) }}{{ end -}}
{{- toJson (uniq $names) }}
{{- end }}

{{- /* Certificates for the Job that validates: those that are given, and a stand-in for those that are made. Call with (list .
STAND-IN). */}}
{{- define "dcr.validateSources" -}}
{{- $root := index . 0 -}}
{{- $stand := index . 1 -}}
{{- range $name, $certificate := include "dcr.certificates" $root | fromJson }}
- secret:
    name: {{ if eq $certificate.source "secret" }}{{ $certificate.secretName }}{{ else }}{{ $stand }}{{ end }}
    items: [{key: tls.crt, path: tls/{{ $name }}.crt}, {key: tls.key, path: tls/{{ $name }}.key}]
{{- end }}
{{- if eq $root.Values.registry.tls.source "secret" }}
- secret:
    name: {{ include "dcr.registrySecret" (list $root "client") }}
    items: [{key: ca.crt, path: registry/ca.crt}, {key: tls.crt, path: registry/tls.crt}, {key: tls.key, path: registry/tls.key}]
{{- else }}
- secret:
    name: {{ $stand }}
    items: [{key: tls.crt, path: registry/ca.crt}, {key: tls.crt, path: registry/tls.crt}, {key: tls.key, path: registry/tls.key}]
{{- end }}
{{- end }}
