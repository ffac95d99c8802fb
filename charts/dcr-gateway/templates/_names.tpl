{{- /* The names of everything in a release. */}}

{{- define "dcr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* At most 40 characters, so that every name that is made of it fits into 63. */}}
{{- define "dcr.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "dcr.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "dcr.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* What selectors use: it never changes. Call with (list . "gateway"). */}}
{{- define "dcr.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "dcr.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* Labels of an object. Call with (list . "gateway"). */}}
{{- define "dcr.labels" -}}
{{- $root := index . 0 -}}
{{ include "dcr.selector" . }}
app.kubernetes.io/part-of: dcr-gateway
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The metadata of an object. Call with (list . "gateway" NAME), or with annotations as the fourth. */}}
{{- define "dcr.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "dcr.labels" (list $root (index . 1)) | nindent 2 }}
{{- $own := dict }}
{{- if gt (len .) 3 }}{{ $own = index . 3 }}{{ end }}
{{- with merge (deepCopy $own) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* An image by digest, or else by tag. Call with (dict "image" VALUES "tag" DEFAULT). */}}
{{- define "dcr.image" -}}
{{- $name := .image.repository -}}
{{- with .image.registry }}{{ $name = printf "%s/%s" (trimSuffix "/" .) $name }}{{ end -}}
{{- if .image.digest -}}
{{ printf "%s@%s" $name .image.digest }}
{{- else -}}
{{ printf "%s:%s" $name (.image.tag | default .tag) }}
{{- end }}
{{- end }}

{{- define "dcr.productImage" -}}
{{ include "dcr.image" (dict "image" .Values.image "tag" .Chart.AppVersion) }}
{{- end }}

{{- /* The name that clients call a listener's Service by. Call with (list . "mtls"). */}}
{{- define "dcr.host" -}}
{{- $root := index . 0 -}}
{{- $service := get (include "dcr.services" $root | fromJson) (index . 1) | default dict -}}
{{- $service.host | default (printf "%s-%s.%s.svc" (include "dcr.fullname" $root) (index . 1) $root.Release.Namespace) }}
{{- end }}

{{- /* Its URL. */}}
{{- define "dcr.url" -}}
{{- $service := get (include "dcr.services" (index . 0) | fromJson) (index . 1) | default dict -}}
https://{{ include "dcr.host" . }}{{ if ne (int $service.port) 443 }}:{{ int $service.port }}{{ end }}
{{- end }}

{{- /* Its port in the pods. */}}
{{- define "dcr.port" -}}
{{- $service := get (include "dcr.services" (index . 0) | fromJson) (index . 1) | default dict -}}
{{ int $service.containerPort }}
{{- end }}
