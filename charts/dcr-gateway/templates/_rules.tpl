{{- /* The groups of a rule file, with the values' changes: a threshold is what an expression ends with. */}}
{{- define "dcr.rules" -}}
{{- $ := index . 0 -}}
{{- $values := $.Values.monitoring.prometheusRule -}}
{{- $groups := list -}}
{{- range $group := (fromYaml ($.Files.Get (index . 1))).groups }}
{{- $rules := list -}}
{{- range $rule := $group.rules }}
{{- $own := dig $rule.alert dict $values.alerts -}}
{{- if dig "enabled" true $own }}
{{- if hasKey $own "threshold" }}{{ $_ := set $rule "expr" (regexReplaceAll "[0-9.]+$" $rule.expr (toString $own.threshold)) }}{{ end }}
{{- with $own.for }}{{ $_ := set $rule "for" . }}{{ end }}
{{- with $own.severity }}{{ $_ := set $rule.labels "severity" . }}{{ end }}
{{- with $values.runbooks }}{{ $_ := set $rule.annotations "runbook_url" (printf "%s/%s" (trimSuffix "/" .) (base $rule.annotations.runbook_url)) }}{{ end }}
{{- $rules = append $rules $rule -}}
{{- end }}
{{- end }}
{{- if $rules }}{{ $groups = append $groups (dict "name" $group.name "rules" $rules) }}{{ end }}
{{- end }}
{{- dict "groups" $groups | toYaml -}}
{{- end }}

{{- define "dcr.check.monitoring" -}}
{{- $known := dict -}}
{{- range $path, $bytes := .Files.Glob "rules/*.yaml" }}
{{- range $group := (fromYaml ($.Files.Get $path)).groups }}
{{- range $group.rules }}{{ $_ := set $known .alert true }}{{ end }}
{{- end }}
{{- end }}
{{- range $name, $own := .Values.monitoring.prometheusRule.alerts }}
{{- if not (hasKey $known $name) }}
monitoring.prometheusRule.alerts.{{ $name }} is no alert of this chart: take a name from rules/alerts.yaml
{{- end }}
{{- end }}
{{- end }}
