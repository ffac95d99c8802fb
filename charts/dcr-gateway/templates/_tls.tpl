{{- /* Certificates that the chart makes. They are kept over upgrades, and renewed by an upgrade in the second half of their time. */}}

{{- /* The DNS names of a server certificate. Call with (list . "server"). */}}
{{- define "dcr.certificateNames" -}}
{{- $root := index . 0 -}}
{{- $fullname := include "dcr.fullname" $root -}}
{{- $names := index (include "dcr.certificates" $root | fromJson) (index . 1) "dnsNames" -}}
{{- if not $names -}}
{{- range $name, $_ := include "dcr.services" $root | fromJson }}
{{- $names = append $names (include "dcr.host" (list $root $name)) }}
{{- $names = append $names (printf "%s-%s" $fullname $name) }}
{{- $names = append $names (printf "%s-%s.%s.svc.%s" $fullname $name $root.Release.Namespace $root.Values.clusterDomain) }}
{{- end }}
{{- end }}
{{- toJson (uniq $names) }}
{{- end }}

{{- /* "true" if a Secret that the chart wrote is still good: for the same names and the same text of renew, and not beyond half its time. Call with (list
SECRET FOR DAYS). */}}
{{- define "dcr.fresh" -}}
{{- $annotations := dig "metadata" "annotations" dict (index . 0 | default dict) -}}
{{- $made := get $annotations "dcr-gateway/made-at" -}}
{{- if and $made (eq (get $annotations "dcr-gateway/made-for") (index . 1)) -}}
{{- $age := sub (now | unixEpoch | int64) ($made | int64) -}}
{{- if lt $age (mul (index . 2) 43200 | int64) }}true{{ end }}
{{- end }}
{{- end }}
