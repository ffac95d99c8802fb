{{- /* OpenTelemetry: the gate gives Envoy what Envoy needs, over xDS. */}}

{{- define "dcr.tracingEnv" -}}
{{- with .Values.tracing }}
{{- if .otlp }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .otlp | quote }}}
- {name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ .ratio | quote }}}
{{- if or .ca.secret .ca.configMap }}
- {name: OTEL_EXPORTER_OTLP_CERTIFICATE, value: /etc/dcr-gateway/otlp/ca.crt}
{{- end }}
{{- if .clientCertificateSecret }}
- {name: OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, value: /etc/dcr-gateway/otlp/tls.crt}
- {name: OTEL_EXPORTER_OTLP_CLIENT_KEY, value: /etc/dcr-gateway/otlp/tls.key}
{{- end }}
{{- if .headersSecret.name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .headersSecret.name }}, key: {{ .headersSecret.key }}}}
{{- end }}
- name: K8S_POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ $.Release.Namespace }},k8s.pod.name=$(K8S_POD_NAME)
  {{- range $name, $value := .resourceAttributes }},{{ $name }}={{ $value }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The sources of its files, for a projected volume at /etc/dcr-gateway. */}}
{{- define "dcr.tracingSources" -}}
{{- with .Values.tracing }}
{{- if .otlp }}
{{- with .ca.secret }}
- secret: {name: {{ . }}, items: [{key: {{ $.Values.tracing.ca.key }}, path: otlp/ca.crt}]}
{{- end }}
{{- with .ca.configMap }}
- configMap: {name: {{ . }}, items: [{key: {{ $.Values.tracing.ca.key }}, path: otlp/ca.crt}]}
{{- end }}
{{- with .clientCertificateSecret }}
- secret: {name: {{ . }}, items: [{key: tls.crt, path: otlp/tls.crt}, {key: tls.key, path: otlp/tls.key}]}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
