{{- /* Jobs run commands of the product, once. Call with a dict: root, component, account, commands (NAME: arguments), redis, sources of
files, deadline, retries, ttl. Each command is a container of its own; the Job fails if one does. */}}
{{- define "dcr.jobSpec" -}}
backoffLimit: {{ .retries }}
activeDeadlineSeconds: {{ .deadline }}
{{- with .ttl }}
ttlSecondsAfterFinished: {{ . }}
{{- end }}
template:
  metadata:
    {{- include "dcr.podMetadata" (list .root .component .root.Values.jobs) | nindent 4 }}
  spec:
    restartPolicy: Never
    serviceAccountName: {{ .account }}
    {{- include "dcr.podSecurity" .root | nindent 4 }}
    {{- include "dcr.placement" (list .root .component .root.Values.jobs) | nindent 4 }}
    containers:
      {{- range $name, $args := .commands }}
      - name: {{ $name }}
        image: {{ include "dcr.productImage" $.root }}
        imagePullPolicy: {{ $.root.Values.image.pullPolicy }}
        args:
          {{- toYaml $args | nindent 10 }}
        env:
          {{- if $.redis }}
          {{- include "dcr.redisEnv" $.root | nindent 10 }}
          {{- end }}
          {{- include "dcr.tracingEnv" $.root | nindent 10 }}
        {{- include "dcr.containerSecurity" $.root | nindent 8 }}
        resources:
          {{- toYaml $.root.Values.jobs.resources | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          - {name: config, mountPath: /etc/dcr-gateway, readOnly: true}
      {{- end }}
    volumes:
      - name: config
        projected:
          defaultMode: 0440
          sources: {{ if trim .sources }}{{ .sources | nindent 12 }}{{ else }}[]{{ end }}
{{- end }}
