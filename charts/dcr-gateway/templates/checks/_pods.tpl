{{- /* Checks of pods, of their number and of their network. */}}

{{- define "dcr.check.pods" -}}
{{- $given := .Values.gateway.terminationGracePeriodSeconds -}}
{{- if and $given (lt (int $given) (int (include "dcr.gatewayNeeds" .))) }}
gateway.terminationGracePeriodSeconds is {{ $given }}, and preStopSleepSeconds and drainSeconds need {{ include "dcr.gatewayNeeds" . }}: leave it empty, or shorten them
{{- end }}
{{- $given = .Values.registry.terminationGracePeriodSeconds -}}
{{- if and $given (lt (int $given) (int (include "dcr.registryNeeds" .))) }}
registry.terminationGracePeriodSeconds is {{ $given }}, and preStopSleepSeconds needs {{ include "dcr.registryNeeds" . }}: leave it empty, or shorten that
{{- end }}
{{- if or (not .Values.podSecurityContext.runAsNonRoot) (eq (toString .Values.podSecurityContext.runAsUser) "0") (eq (toString .Values.containerSecurityContext.runAsUser) "0") }}
podSecurityContext runs the pods as root: keep runAsNonRoot true, and a runAsUser that is not 0
{{- end }}
{{- if or .Values.containerSecurityContext.privileged .Values.containerSecurityContext.allowPrivilegeEscalation (dig "capabilities" "add" list .Values.containerSecurityContext) }}
containerSecurityContext gives rights that nothing here needs: remove privileged, allowPrivilegeEscalation and capabilities.add
{{- end }}
{{- range $part := list "gateway" "registry" }}
{{- $strategy := index $.Values $part "strategy" -}}
{{- if and (eq $strategy.type "RollingUpdate") $strategy.rollingUpdate (has (toString $strategy.rollingUpdate.maxUnavailable) (list "0" "0%")) (has (toString $strategy.rollingUpdate.maxSurge) (list "0" "0%")) }}
{{ $part }}.strategy.rollingUpdate neither ends a pod nor starts one: maxUnavailable or maxSurge must be above 0
{{- end }}
{{- end }}
{{- end }}

{{- define "dcr.check.scaling" -}}
{{- range $part := list "gateway" "registry" }}
{{- $values := index $.Values $part -}}
{{- $hpa := $values.autoscaling -}}
{{- $least := $values.replicas -}}
{{- if $hpa.enabled }}
{{- $least = $hpa.minReplicas -}}
{{- if eq (int $values.replicas) 0 }}
{{ $part }}.replicas is 0, and {{ $part }}.autoscaling.enabled lets the autoscaler choose: set {{ $part }}.autoscaling.enabled=false to stop all pods
{{- end }}
{{- if lt (int $hpa.minReplicas) 1 }}
{{ $part }}.autoscaling.minReplicas is 0, and without a pod nothing is measured: set it to 1 or more
{{- end }}
{{- if lt (int $hpa.maxReplicas) (int $hpa.minReplicas) }}
{{ $part }}.autoscaling.maxReplicas is {{ $hpa.maxReplicas }}, which is less than minReplicas, {{ $hpa.minReplicas }}: raise it
{{- end }}
{{- if not (or $hpa.targetCPUUtilizationPercentage $hpa.targetMemoryUtilizationPercentage $hpa.metrics) }}
{{ $part }}.autoscaling has no metric: set targetCPUUtilizationPercentage or metrics
{{- end }}
{{- $containers := ternary (dict "gateway.gate" $values.gate "gateway.envoy" $values.envoy) (dict $part $values) (eq $part "gateway") -}}
{{- range $name, $container := $containers }}
{{- if and $hpa.targetCPUUtilizationPercentage (not (dig "resources" "requests" "cpu" "" $container)) }}
{{ $part }}.autoscaling measures CPU use in percent of the request, and {{ $name }}.resources.requests.cpu is not set: set it
{{- end }}
{{- end }}
{{- end }}
{{- $pdb := $values.podDisruptionBudget -}}
{{- if $pdb.enabled }}
{{- $some := not (kindIs "invalid" $pdb.minAvailable) -}}
{{- if and $some (not (kindIs "invalid" $pdb.maxUnavailable)) }}
{{ $part }}.podDisruptionBudget has minAvailable and maxUnavailable, which Kubernetes does not take together: give one of them
{{- else if has (toString $pdb.maxUnavailable) (list "0" "0%") }}
{{ $part }}.podDisruptionBudget.maxUnavailable is 0, which blocks every node drain: set it to 1 or more
{{- else if and $some (eq (toString $pdb.minAvailable) "100%") }}
{{ $part }}.podDisruptionBudget.minAvailable is 100%, which blocks every node drain: set less
{{- else if and $some (not (hasSuffix "%" (toString $pdb.minAvailable))) (ge (int $pdb.minAvailable) (int $least)) (gt (int $least) 0) }}
{{ $part }}.podDisruptionBudget.minAvailable is {{ $pdb.minAvailable }} of {{ $least }} pods, which blocks every node drain: set less, or run more pods
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dcr.check.network" -}}
{{- $policy := .Values.networkPolicy -}}
{{- if $policy.enabled }}
{{- if and (not (and $policy.egress.gateway $policy.egress.registry)) (not .Values.redis.embedded) }}
networkPolicy.enabled without networkPolicy.egress.gateway and networkPolicy.egress.registry cuts the pods off from Redis and from the directories: put in what "dcr-gateway egress routes.yaml --redis URL --output policy" prints
{{- end }}
{{- if and .Values.monitoring.podMonitor.enabled (not $policy.monitoring) }}
networkPolicy.enabled keeps Prometheus out, and monitoring.podMonitor.enabled wants it in: say in networkPolicy.monitoring where it runs
{{- end }}
{{- end }}
{{- end }}
