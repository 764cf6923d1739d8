{{- define "merpati.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}
{{- end }}

{{- define "merpati.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "merpati.labels" -}}
{{ include "merpati.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: merpati
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The services: the key in the values, the name of the component, what its pods need. */}}
{{- define "merpati.components" -}}
smtpIngress: { name: smtp-ingress, mail: true, mongo: true, calls: [user-directory], ports: { smtp: { port: 25, target: 2525 }, submission: { port: 587, target: 2587 }, submissions: { port: 465, target: 2465 } } }
outboundRelay: { name: outbound-relay, mongo: true, calls: [user-directory], world: true }
delivery: { name: delivery, mongo: true, rpc: true, calls: [user-directory], calledBy: [imap-gateway, pop3-gateway, user-directory] }
imapGateway: { name: imap-gateway, mail: true, calls: [delivery, user-directory], ports: { imap: { port: 143, target: 2143 }, imaps: { port: 993, target: 2993 } } }
pop3Gateway: { name: pop3-gateway, mail: true, calls: [delivery, user-directory], ports: { pop3: { port: 110, target: 2110 }, pop3s: { port: 995, target: 2995 } } }
userDirectory: { name: user-directory, mongo: true, rpc: true, calls: [delivery], calledBy: [smtp-ingress, outbound-relay, delivery, imap-gateway, pop3-gateway] }
{{- end }}

{{- define "merpati.enabled" -}}
{{- if or (ne .key "pop3Gateway") .root.Values.pop3Gateway.enabled }}true{{ end }}
{{- end }}

{{- define "merpati.mongoSecret" -}}
{{- default (printf "%s-mongodb" (include "merpati.fullname" .)) .Values.mongodb.existingSecret }}
{{- end }}

{{- define "merpati.mongoSecretKey" -}}
{{- if .Values.mongodb.existingSecret }}{{ .Values.mongodb.existingSecretKey }}{{ else }}connectionString{{ end }}
{{- end }}

{{- define "merpati.tlsSecret" -}}
{{- default (printf "%s-tls" (include "merpati.fullname" .)) .Values.tls.existingSecret }}
{{- end }}

{{- define "merpati.adminSecret" -}}
{{- default (printf "%s-admin" (include "merpati.fullname" .)) .Values.admin.existingSecret }}
{{- end }}

{{- define "merpati.internalSecret" -}}
{{- if eq .root.Values.internalTls.mode "existing" }}{{ .root.Values.internalTls.existingSecretPrefix }}{{ else }}{{ include "merpati.fullname" .root }}-internal{{ end }}-{{ .component }}
{{- end }}

{{/* What cannot work is said before anything is installed. */}}
{{- define "merpati.validate" -}}
{{- $problems := list }}
{{- if not .Values.hostname }}{{ $problems = append $problems "hostname: write the name of the mail system in DNS, such as mx.example.org." }}{{ end }}
{{- if not (or .Values.mongodb.existingSecret .Values.mongodb.connectionString) }}{{ $problems = append $problems "mongodb.existingSecret: name the secret with the connection string of a MongoDB replica set." }}{{ end }}
{{- if and .Values.mongodb.connectionString (regexMatch "^mongodb(\\+srv)?://[^/@]*:[^/@]*@" .Values.mongodb.connectionString) }}{{ $problems = append $problems "mongodb.connectionString: it holds a password; put it into a secret and name that as mongodb.existingSecret." }}{{ end }}
{{- if not .Values.rabbitmq.uri }}{{ $problems = append $problems "rabbitmq.uri: write where RabbitMQ is, such as amqp://rabbitmq:5672/." }}{{ end }}
{{- if regexMatch "^amqps?://[^/@]*:[^/@]*@" .Values.rabbitmq.uri }}{{ $problems = append $problems "rabbitmq.uri: it holds a password; put user and password into a secret and name that as rabbitmq.existingSecret." }}{{ end }}
{{- if not (or .Values.tls.existingSecret .Values.tls.certManager.enabled) }}{{ $problems = append $problems "tls: name a secret (tls.existingSecret) or let cert-manager make one (tls.certManager)." }}{{ end }}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuerRef.name) }}{{ $problems = append $problems "tls.certManager.issuerRef.name: write the name of the issuer." }}{{ end }}
{{- if and (eq .Values.internalTls.mode "existing") (not .Values.internalTls.existingSecretPrefix) }}{{ $problems = append $problems "internalTls.existingSecretPrefix: write what the names of the secrets begin with." }}{{ end }}
{{- if $problems }}{{ fail (printf "\n\nThe values of merpati are not complete:\n - %s\n" (join "\n - " $problems)) }}{{ end }}
{{- end }}
