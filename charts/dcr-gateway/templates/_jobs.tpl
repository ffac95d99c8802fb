{{- /* Jobs run one command of the product, once. Call with a dict: root, component, command, args, env, volume, and deadline. */}}
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
      - name: {{ .component }}
        image: {{ include "dcr.productImage" .root }}
        imagePullPolicy: {{ .root.Values.image.pullPolicy }}
        args:
          {{- toYaml .args | nindent 10 }}
        {{- if .redis }}
        env:
          {{- include "dcr.redisEnv" .root | nindent 10 }}
        {{- end }}
        {{- include "dcr.containerSecurity" .root | nindent 8 }}
        resources:
          {{- toYaml .root.Values.jobs.resources | nindent 10 }}
        terminationMessagePolicy: FallbackToLogsOnError
        volumeMounts:
          - {name: config, mountPath: /etc/dcr-gateway, readOnly: true}
    volumes:
      - name: config
        projected:
          defaultMode: 0440
          sources: {{ if trim .sources }}{{ .sources | nindent 12 }}{{ else }}[]{{ end }}
{{- end }}
