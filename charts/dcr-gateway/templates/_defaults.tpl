{{- /* Services and certificates are maps by name: an entry that a user adds has these defaults. */}}

{{- define "dcr.services" -}}
{{- $default := dict "enabled" true "port" 443 "type" "ClusterIP" "externalTrafficPolicy" "Local" "host" "" "containerPort" 0 -}}
{{- $services := dict -}}
{{- range $name, $service := .Values.services }}{{ $_ := set $services $name (mergeOverwrite (deepCopy $default) ($service | default dict)) }}{{ end -}}
{{- toJson $services }}
{{- end }}

{{- define "dcr.certificates" -}}
{{- $default := dict "source" "secret" "secretName" "" "dnsNames" list "days" 365 "renew" "" "issuerRef" dict "privateKey" (dict "algorithm" "ECDSA" "size" 256 "rotationPolicy" "Always") -}}
{{- $certificates := dict -}}
{{- range $name, $certificate := .Values.tls.certificates }}{{ $_ := set $certificates $name (mergeOverwrite (deepCopy $default) ($certificate | default dict)) }}{{ end -}}
{{- toJson $certificates }}
{{- end }}
