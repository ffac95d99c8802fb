{{- /* Checks of the configuration, of Services and of certificates. */}}

{{- define "dcr.check.config" -}}
{{- $services := include "dcr.services" . | fromJson -}}
{{- if and (include "dcr.trialConfig" .) (not (and $services.mtls $services.tls)) }}
the trial's routes.yaml needs the services mtls and tls: give your own file in config.routes, or keep both
{{- end }}
{{- $paths := dict -}}
{{- if .Values.config.routes }}{{ $_ := set $paths "routes.yaml" "config.routes" }}{{ end -}}
{{- range $folder := list "directories" "profiles" "ca" }}{{ range $name, $_ := index $.Values.config $folder }}{{ $_ := set $paths (printf "%s/%s" $folder $name) (printf "config.%s" $folder) }}{{ end }}{{ end -}}
{{- range $i, $entry := .Values.config.existing }}
{{- if and $entry.secret $entry.configMap }}
config.existing[{{ $i }}] names a Secret and a ConfigMap: make two entries of it
{{- else if not (or $entry.secret $entry.configMap) }}
config.existing[{{ $i }}] names neither a Secret nor a ConfigMap: set secret or configMap
{{- end }}
{{- if and $entry.registry (not $entry.secret) }}
config.existing[{{ $i }}] is a ConfigMap with registry: true: the registry has no file but secrets, remove it
{{- end }}
{{- range $_, $path := $entry.items }}
{{- if hasKey $paths $path }}
{{ $path }} comes from {{ index $paths $path }} and from config.existing[{{ $i }}]: keep one of them
{{- end }}
{{- $_ := set $paths $path (printf "config.existing[%d]" $i) }}
{{- end }}
{{- end }}
{{- with .Values.config.routes }}{{ include "dcr.check.routes" (list $ .) }}{{ end }}
{{- end }}

{{- /* What routes.yaml and the Services must agree on. All else is told by "routes validate", which knows the lines. */}}
{{- define "dcr.check.routes" -}}
{{- $root := index . 0 -}}
{{- $routes := index . 1 | fromYaml -}}
{{- $services := include "dcr.services" $root | fromJson -}}
{{- if and (hasKey $routes "Error") (not (hasKey $routes "listeners")) }}
config.routes is not YAML: {{ $routes.Error | replace "\n" " " }}
{{- else }}
{{- $ports := list -}}
{{- range $name, $listener := $routes.listeners | default dict }}
{{- $port := $listener.address | toString | regexFind "[0-9]+$" -}}
{{- $ports = append $ports $port -}}
{{- if and $port (lt (int $port) 1024) }}
listener {{ $name }} of config.routes listens on port {{ $port }}, which a process without rights cannot: write a port from 1024 in its address and in services.NAME.containerPort; services.NAME.port says what clients use
{{- else if regexMatch "^(127\\.|\\[::1\\])" ($listener.address | toString) }}
listener {{ $name }} of config.routes listens on {{ $listener.address }}, which nobody outside the pod can reach: write 0.0.0.0:{{ $port }}
{{- end }}
{{- end }}
{{- range $name, $service := $services }}
{{- if not (has (printf "%d" (int $service.containerPort)) $ports) }}
no listener of config.routes listens on port {{ int $service.containerPort }}, where services.{{ $name }} sends its traffic: write {{ $name }}'s port into services.{{ $name }}.containerPort, or services.{{ $name }}=null
{{- end }}
{{- end }}
{{- $own := printf "%s-registry:8443" (include "dcr.fullname" $root) -}}
{{- $address := dig "upstreams" "registry" "address" "" $routes | toString -}}
{{- if and $address (ne $address $own) (not (hasPrefix (printf "%s-registry." (include "dcr.fullname" $root)) $address)) }}
upstream registry of config.routes has the address {{ $address }}, and the registry of this release is {{ $own }}: write that
{{- end }}
{{- end }}
{{- end }}

{{- define "dcr.check.services" -}}
{{- $ports := dict -}}
{{- range $name, $service := include "dcr.services" . | fromJson }}
{{- $port := int $service.containerPort | toString -}}
{{- if lt (int $port) 1024 }}
services.{{ $name }}.containerPort is {{ $port }}, and a process without rights cannot listen below 1024: choose a higher one, in routes.yaml too; services.{{ $name }}.port says what clients use
{{- end }}
{{- if has $name (list "health" "envoy-health") }}
services.{{ $name }} has the name of a port that the pods have already: give it another name
{{- end }}
{{- if has $port (list "9100" "9101") }}
services.{{ $name }}.containerPort is {{ $port }}, where health and metrics are: choose another
{{- end }}
{{- if hasKey $ports $port }}
services.{{ index $ports $port }} and services.{{ $name }} have the same containerPort {{ $port }}: each listener has its own
{{- end }}
{{- $_ := set $ports $port $name }}
{{- if and $service.nodePort (eq $service.type "ClusterIP") }}
services.{{ $name }}.nodePort needs services.{{ $name }}.type NodePort or LoadBalancer
{{- end }}
{{- if ne $service.type "LoadBalancer" }}
{{- range $key := list "loadBalancerClass" "loadBalancerIP" "loadBalancerSourceRanges" "healthCheckNodePort" }}
{{- if index $service $key }}
services.{{ $name }}.{{ $key }} needs services.{{ $name }}.type LoadBalancer
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dcr.check.certificates" -}}
{{- range $name, $certificate := include "dcr.certificates" . | fromJson }}
{{- $at := printf "tls.certificates.%s" $name -}}
{{- if and (eq $certificate.source "secret") (not $certificate.secretName) }}
{{ $at }}.source is secret: name it in {{ $at }}.secretName
{{- else if and $certificate.secretName (ne $certificate.source "secret") }}
{{ $at }}.secretName and {{ $at }}.source={{ $certificate.source }} contradict each other: set {{ $at }}.source=secret to use the Secret
{{- end }}
{{- if and (eq $certificate.source "certManager") (not $certificate.issuerRef.name) }}
{{ $at }}.source is certManager: name its issuer in {{ $at }}.issuerRef.name
{{- else if and $certificate.issuerRef (ne $certificate.source "certManager") }}
{{ $at }}.issuerRef and {{ $at }}.source={{ $certificate.source }} contradict each other: set {{ $at }}.source=certManager to use the issuer
{{- end }}
{{- end }}
{{- $tls := .Values.registry.tls -}}
{{- $secrets := list $tls.clientSecretName $tls.serverSecretName | compact -}}
{{- if and (eq $tls.source "secret") (ne (len $secrets) 2) }}
registry.tls.source is secret: name both, registry.tls.clientSecretName for Envoy and registry.tls.serverSecretName for the registry
{{- else if and $secrets (ne $tls.source "secret") }}
registry.tls.clientSecretName, registry.tls.serverSecretName and registry.tls.source={{ $tls.source }} contradict each other: set registry.tls.source=secret to use the Secrets
{{- else if and $secrets (eq $tls.clientSecretName $tls.serverSecretName) }}
registry.tls.clientSecretName and registry.tls.serverSecretName are one Secret: give Envoy and the registry a key each
{{- end }}
{{- if and $tls.issuerRef (ne $tls.source "certManager") }}
registry.tls.issuerRef and registry.tls.source={{ $tls.source }} contradict each other: set registry.tls.source=certManager to use the issuer
{{- end }}
{{- end }}
