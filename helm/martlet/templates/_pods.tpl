{{/* What containers of both roles have in common. */}}

{{/* (root, the role's values): variables. What is secret comes from Secrets, as variables rather than files, since a
     stage can read its agent's files and not its environment. */}}
{{- define "martlet.env" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $kafka := $root.Values.kafka -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: HOME
  value: /home/martlet
{{- if $kafka.sasl.mechanism }}
{{- $secret := default $kafka.sasl.existingSecret $role.kafka.saslSecret }}
- name: {{ include "martlet.propertyVariable" "sasl.username" }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $kafka.sasl.usernameKey }}}}
- name: {{ include "martlet.propertyVariable" "sasl.password" }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $kafka.sasl.passwordKey }}}}
{{- end }}
{{- with default $kafka.tls.clientSecret $role.kafka.clientSecret }}
- name: {{ include "martlet.propertyVariable" "ssl.certificate.pem" }}
  valueFrom: {secretKeyRef: {name: {{ . }}, key: tls.crt}}
- name: {{ include "martlet.propertyVariable" "ssl.key.pem" }}
  valueFrom: {secretKeyRef: {name: {{ . }}, key: tls.key}}
{{- end }}
{{- range $property, $source := $kafka.secretProperties }}
- name: {{ include "martlet.propertyVariable" $property }}
  valueFrom: {secretKeyRef: {name: {{ $source.name }}, key: {{ $source.key }}}}
{{- end }}
{{- with $role.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What only the controller knows, from the Secrets that are named. */}}
{{- define "martlet.controllerSecrets" -}}
{{- $sources := dict "MARTLET_GITHUB_WEBHOOK_SECRET" .Values.github.webhook "MARTLET_GITHUB_TOKEN" .Values.github.token "MARTLET_SLACK_TOKEN" .Values.slack.token "MARTLET_SLACK_WEBHOOK_URL" .Values.slack.webhook -}}
{{- range $variable, $source := $sources }}
{{- with $source.existingSecret }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $source.existingSecretKey }}}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "martlet.envFrom" -}}
- configMapRef: {name: {{ include "martlet.fullname" (index . 0) }}-settings}
{{- with (index . 1).envFrom }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "martlet.volumeMounts" -}}
{{- $root := index . 0 -}}
- {name: state, mountPath: /var/lib/martlet}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /home/martlet}
{{- if or $root.Values.kafka.tls.caSecret $root.Values.kafka.tls.caConfigMap }}
- {name: kafka-ca, mountPath: /etc/martlet/kafka, readOnly: true}
{{- end }}
{{- with (index . 1).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "martlet.volumes" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $tls := $root.Values.kafka.tls -}}
- name: state
  emptyDir: {sizeLimit: {{ $role.state.sizeLimit }}}
- name: tmp
  emptyDir: {sizeLimit: {{ default "64Mi" (default dict $role.tmp).sizeLimit }}}
- name: home
  emptyDir: {sizeLimit: 64Mi}
{{- if $tls.caSecret }}
- name: kafka-ca
  secret: {secretName: {{ $tls.caSecret }}, items: [{key: {{ $tls.caKey }}, path: ca.crt}]}
{{- else if $tls.caConfigMap }}
- name: kafka-ca
  configMap: {name: {{ $tls.caConfigMap }}, items: [{key: {{ $tls.caKey }}, path: ca.crt}]}
{{- end }}
{{- with $role.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (root, the role's values, component): where pods run. */}}
{{- define "martlet.placement" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $role.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $role.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $role.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $role.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if $role.topologySpreadConstraints }}
  {{- toYaml $role.topologySpreadConstraints | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "martlet.selector" (list $root (index . 2)) | nindent 8 }}
{{- end }}
{{- end -}}

{{/* So that a change of what they read at their start starts pods anew. */}}
{{- define "martlet.checksums" -}}
checksum/settings: {{ print (include "martlet.settings" .) .Values.signing.publicKeys | sha256sum }}
{{- end -}}
