{{- define "martlet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough that each suffix still fits into the 63 characters of a name. */}}
{{- define "martlet.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 32 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 32 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 32 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of objects that belong to no namespace. */}}
{{- define "martlet.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "martlet.fullname" .) -}}
{{- end -}}

{{/* (root, component): what a selector may hold, for it can never change. */}}
{{- define "martlet.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "martlet.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (root, component) */}}
{{- define "martlet.labels" -}}
{{- $root := index . 0 -}}
{{ include "martlet.selector" . }}
app.kubernetes.io/part-of: martlet
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (root, component): of pods. No versions, which would start pods anew that are as they should be. */}}
{{- define "martlet.podLabels" -}}
{{ include "martlet.selector" . }}
app.kubernetes.io/part-of: martlet
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "martlet.installation" -}}
{{- default (printf "%s.%s" .Release.Namespace .Release.Name) .Values.installation -}}
{{- end -}}

{{/* The Lease by which one controller leads. */}}
{{- define "martlet.lease" -}}
{{- include "martlet.fullname" . }}-controller
{{- end -}}

{{/* (base, over) as YAML: `over` laid over `base`, in maps two levels deep. Sprig's merges take false and 0 for nothing. */}}
{{- define "martlet.overlay" -}}
{{- $result := deepCopy (index . 0) -}}
{{- range $key, $value := (default dict (index . 1)) -}}
  {{- if and (kindIs "map" $value) (kindIs "map" (get $result $key)) -}}
    {{- $inner := get $result $key -}}
    {{- range $name, $item := $value -}}
      {{- if kindIs "invalid" $item -}}{{- $_ := unset $inner $name -}}{{- else -}}{{- $_ := set $inner $name $item -}}{{- end -}}
    {{- end -}}
  {{- else if not (kindIs "invalid" $value) -}}
    {{- $_ := set $result $key $value -}}
  {{- end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end -}}

{{/* The agents that are to be, by name, each whole. */}}
{{- define "martlet.agents" -}}
{{- $agents := dict -}}
{{- range $name, $given := .Values.agents -}}
  {{- $agent := include "martlet.overlay" (list $.Values.agentDefaults $given) | fromYaml -}}
  {{- if ne (toString (get $agent "enabled")) "false" -}}
    {{- $_ := set $agent "kind" (default $name $agent.kind) -}}
    {{- $_ := set $agents $name $agent -}}
  {{- end -}}
{{- end -}}
{{- toYaml $agents -}}
{{- end -}}

{{/* (root, what overrides the image) */}}
{{- define "martlet.image" -}}
{{- $root := index . 0 -}}
{{- $image := include "martlet.overlay" (list $root.Values.image (index . 1)) | fromYaml -}}
{{- $repository := required "image.repository is missing: no image of Martlet is published; build one from the Containerfile, push it to your registry and name it here" $image.repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* (root, what overrides the image) */}}
{{- define "martlet.pullPolicy" -}}
{{- get (include "martlet.overlay" (list (index . 0).Values.image (index . 1)) | fromYaml) "pullPolicy" -}}
{{- end -}}

{{/* (root, component, its serviceAccount) */}}
{{- define "martlet.serviceAccountName" -}}
{{- $account := index . 2 -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- printf "%s-%s" (include "martlet.fullname" (index . 0)) (index . 1) -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/* A property of librdkafka as the variable that the program reads it from. */}}
{{- define "martlet.propertyVariable" -}}
MARTLET_KAFKA_PROPERTY_{{ . | upper | replace "." "_" }}
{{- end -}}

{{/* Whether agents are given public keys. */}}
{{- define "martlet.verifies" -}}
{{- if or .Values.signing.publicKeys .Values.signing.publicKeysConfigMap -}}true{{- end -}}
{{- end -}}

{{/* Without a cluster to ask, APIVersions holds every version there ever was: so the version that was named counts, too. */}}
{{- define "martlet.podDisruptionBudgetVersion" -}}
{{- if and (.Capabilities.APIVersions.Has "policy/v1") (semverCompare ">=1.21.0-0" .Capabilities.KubeVersion.Version) -}}policy/v1{{- else -}}policy/v1beta1{{- end -}}
{{- end -}}

{{/* What a schema can't say. */}}
{{- define "martlet.validate" -}}
{{- if not .Values.kafka.brokers -}}
{{- fail "kafka.brokers is missing: name your brokers, such as --set 'kafka.brokers={kafka-bootstrap.kafka:9092}'" -}}
{{- end -}}
{{- if and .Values.kafka.sasl.mechanism (not .Values.kafka.sasl.existingSecret) -}}
{{- fail "kafka.sasl.existingSecret is missing: kafka.sasl.mechanism needs a Secret with a user's name and password" -}}
{{- end -}}
{{- if and .Values.kafka.sasl.existingSecret (not .Values.kafka.sasl.mechanism) -}}
{{- fail "kafka.sasl.mechanism is missing: kafka.sasl.existingSecret means nothing without it" -}}
{{- end -}}
{{- if and .Values.kafka.tls.caSecret .Values.kafka.tls.caConfigMap -}}
{{- fail "kafka.tls has caSecret and caConfigMap: name one of them" -}}
{{- end -}}
{{- if and (or .Values.kafka.tls.caSecret .Values.kafka.tls.caConfigMap .Values.kafka.tls.clientSecret) (not .Values.kafka.tls.enabled) -}}
{{- fail "kafka.tls.enabled is false, but certificates are given: turn it on" -}}
{{- end -}}
{{- if and .Values.signing.publicKeys .Values.signing.publicKeysConfigMap -}}
{{- fail "signing has publicKeys and publicKeysConfigMap: give one of them" -}}
{{- end -}}
{{- if and (include "martlet.verifies" .) (not .Values.signing.existingSecret) -}}
{{- fail "signing.existingSecret is missing: agents with public keys obey nothing that isn't signed, and the controller has no key to sign with" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.controller.http.enabled) -}}
{{- fail "ingress.enabled needs controller.http.enabled" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts is missing: name the host that webhooks are sent to" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.controller.http.enabled) -}}
{{- fail "serviceMonitor.enabled needs controller.http.enabled" -}}
{{- end -}}
{{- if and .Values.github.webhook.existingSecret (not .Values.controller.http.enabled) -}}
{{- fail "github.webhook.existingSecret needs controller.http.enabled: nobody listens for webhooks" -}}
{{- end -}}
{{- if and .Values.github.app.id (not .Values.github.app.existingSecret) -}}
{{- fail "github.app.existingSecret is missing: github.app.id needs a Secret with the App's private key" -}}
{{- end -}}
{{- if and .Values.github.app.existingSecret (not .Values.github.app.id) -}}
{{- fail "github.app.id is missing: github.app.existingSecret means nothing without it" -}}
{{- end -}}
{{- if and (or .Values.github.apiUrl .Values.github.url) (not .Values.github.token.existingSecret) (not .Values.github.app.id) -}}
{{- fail "github.token.existingSecret or github.app is missing: github.apiUrl and github.url mean nothing without one" -}}
{{- end -}}
{{- if and .Values.slack.channel (not .Values.slack.token.existingSecret) -}}
{{- fail "slack.token.existingSecret is missing: slack.channel needs a token, and an incoming webhook has a channel of its own" -}}
{{- end -}}
{{- range $name, $agent := (include "martlet.agents" . | fromYaml) -}}
  {{- if has $agent.kind (list "results" "presence" "logs" "dead") -}}
  {{- fail (printf "agents.%s: %s is a topic of the protocol, and no kind; name another" $name $agent.kind) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
