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

{{/* The services: the key in the values, the name of the component, what its pods need; podMetric, or queue, is what a HorizontalPodAutoscaler may look at besides CPU. */}}
{{- define "merpati.components" -}}
smtpIngress: { name: smtp-ingress, podMetric: merpati_smtp_active_connections, mail: true, mongo: true, calls: [user-directory], ports: { smtp: { port: 25, target: 2525 }, submission: { port: 587, target: 2587 }, submissions: { port: 465, target: 2465 } } }
outboundRelay: { name: outbound-relay, queue: relay, mongo: true, calls: [user-directory], world: true }
delivery: { name: delivery, queue: local, mongo: true, rpc: true, calls: [user-directory], calledBy: [imap-gateway, pop3-gateway, user-directory] }
imapGateway: { name: imap-gateway, podMetric: merpati_imap_sessions, mail: true, calls: [delivery, user-directory], ports: { imap: { port: 143, target: 2143 }, imaps: { port: 993, target: 2993 } } }
pop3Gateway: { name: pop3-gateway, podMetric: merpati_pop3_sessions, mail: true, calls: [delivery, user-directory], ports: { pop3: { port: 110, target: 2110 }, pop3s: { port: 995, target: 2995 } } }
userDirectory: { name: user-directory, mongo: true, rpc: true, calls: [delivery], calledBy: [smtp-ingress, outbound-relay, delivery, imap-gateway, pop3-gateway] }
{{- end }}

{{- define "merpati.enabled" -}}
{{- if or (ne .key "pop3Gateway") .root.Values.pop3Gateway.enabled }}true{{ end }}
{{- end }}

{{/* What holds for a service: the defaults, and its own section over them. */}}
{{- define "merpati.values" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values .key)) | toYaml }}
{{- end }}

{{- define "merpati.preStopSeconds" -}}
{{- if or .component.mail .component.rpc }}{{ int .values.preStopSeconds }}{{ else }}0{{ end }}
{{- end }}

{{/* A host stops within its drain and 20 seconds for what is being written (ServiceHost); 5 to spare before the kubelet kills it. */}}
{{- define "merpati.neededGrace" -}}
{{- add (include "merpati.preStopSeconds" . | int) (ternary (int .values.drainSeconds) 0 (hasKey .component "mail")) 25 }}
{{- end }}

{{/* The configuration file of a service. */}}
{{- define "merpati.config" -}}
{{- $root := .root }}
{{- $fullname := include "merpati.fullname" $root }}
{{- $bus := dict "uri" $root.Values.rabbitmq.uri }}
{{- if $root.Values.rabbitmq.existingSecret }}{{ $_ := set $bus "passwordFile" "/secrets/rabbitmq/password" }}{{ end }}
{{- $rpc := dict "certificate" "/secrets/internal/tls.crt" "key" "/secrets/internal/tls.key" "authorities" "/secrets/internal/ca.crt" }}
{{- if has "delivery" .component.calls }}{{ $_ := set $rpc "delivery" (printf "dns:///%s-delivery-rpc:8443" $fullname) }}{{ end }}
{{- if has "user-directory" .component.calls }}{{ $_ := set $rpc "userDirectory" (printf "dns:///%s-user-directory-rpc:8443" $fullname) }}{{ end }}
{{- $config := dict "hostname" $root.Values.hostname "logLevel" $root.Values.logLevel "logFormat" "Json" "bus" $bus "rpc" $rpc }}
{{- if .component.mongo }}{{ $_ := set $config "mongo" (dict "connectionStringFile" "/secrets/mongodb/connectionString" "database" $root.Values.mongodb.database) }}{{ end }}
{{- if .component.mail }}
{{- $_ := set $config "tls" (dict "certificate" "/secrets/tls/tls.crt" "key" "/secrets/tls/tls.key") }}
{{- $drain := int .values.drainSeconds }}
{{- $connections := dict "drain" (printf "%02d:%02d:%02d" (div $drain 3600) (div (mod $drain 3600) 60) (mod $drain 60)) }}
{{- with $root.Values.proxyProtocol.networks }}{{ $_ := set $connections "proxyProtocol" (dict "networks" .) }}{{ end }}
{{- $_ := set $config "connections" $connections }}
{{- end }}
{{- if eq .component.name "user-directory" }}
{{- $_ := set $config "admin" (dict "tokenFile" "/secrets/admin/token") }}
{{- $pop3s := ternary 995 0 $root.Values.pop3Gateway.enabled }}
{{- $_ := set $config "clientSettings" (dict "imap" (include "merpati.clientName" (dict "root" $root "of" "imap")) "pop3" (include "merpati.clientName" (dict "root" $root "of" "pop3")) "submission" (include "merpati.clientName" (dict "root" $root "of" "submission")) "pop3sPort" $pop3s "mtaStsMode" $root.Values.clientSettings.mtaStsMode) }}
{{- if $root.Values.clientSettings.enabled }}{{ $_ := set $config "site" (dict "port" 8444 "certificate" "/secrets/site/tls.crt" "key" "/secrets/site/tls.key") }}{{ end }}
{{- end }}
{{- mergeOverwrite $config (deepCopy .values.config) | toYaml }}
{{- end }}

{{- define "merpati.serviceAccount" -}}
{{ include "merpati.fullname" .root }}-{{ .component }}
{{- end }}

{{- define "merpati.clientName" -}}
{{- default .root.Values.hostname (index .root.Values.clientNames .of) }}
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

{{- define "merpati.siteSecret" -}}
{{- default (printf "%s-site" (include "merpati.fullname" .)) .Values.clientSettings.existingSecret }}
{{- end }}

{{/* What reaches the mail ports in the cluster as a client does: merpati probe. The names in the certificates are those that clients use. */}}
{{- define "merpati.probeArgs" -}}
{{- $fullname := include "merpati.fullname" . -}}
- probe
- --account=$(PROBE_ACCOUNT)
- --password-file=/secrets/probe/password
- --submission={{ $fullname }}-smtp-ingress:465
- --imap={{ $fullname }}-imap-gateway:993
{{- if .Values.pop3Gateway.enabled }}
- --pop3={{ $fullname }}-pop3-gateway:995
{{- end }}
- --submission-name={{ include "merpati.clientName" (dict "root" . "of" "submission") }}
- --imap-name={{ include "merpati.clientName" (dict "root" . "of" "imap") }}
{{- if .Values.pop3Gateway.enabled }}
- --pop3-name={{ include "merpati.clientName" (dict "root" . "of" "pop3") }}
{{- end }}
{{- with .Values.probe.authorities }}
- --authorities=/secrets/probe/{{ . }}
{{- end }}
- --timeout={{ .Values.probe.timeout }}
{{- end }}

{{/* The pod of a probe: args behind those that say where; a port with metrics, or 0. */}}
{{- define "merpati.probePod" -}}
{{- $account := dict "name" "PROBE_ACCOUNT" "valueFrom" (dict "secretKeyRef" (dict "name" .root.Values.probe.existingSecret "key" "account")) }}
{{- $args := concat (include "merpati.probeArgs" .root | fromYamlArray) .args }}
{{- include "merpati.cliPod" (dict "root" .root "component" "probe" "args" $args "env" (list $account) "port" .port "resources" .root.Values.probe.resources "secret" (dict "secretName" .root.Values.probe.existingSecret)) }}
{{- end }}

{{/* Where the `merpati` command finds the database. Before the first install there is no secret of the chart's own yet. */}}
{{- define "merpati.databaseArgs" -}}
{{- if .Values.mongodb.existingSecret }}
- --mongo-file=/secrets/mongodb/connectionString
{{- else }}
- {{ printf "--mongo=%s" .Values.mongodb.connectionString | quote }}
{{- end }}
- --database={{ .Values.mongodb.database }}
{{- end }}

{{/* The pod of a job on the database: component, command and options of the `merpati` command. */}}
{{- define "merpati.databasePod" -}}
{{- $secret := dict }}
{{- with .root.Values.mongodb.existingSecret }}{{ $secret = dict "secretName" . "items" (list (dict "key" $.root.Values.mongodb.existingSecretKey "path" "connectionString")) }}{{ end }}
{{- $args := concat (list .command) (include "merpati.databaseArgs" .root | fromYamlArray) .options }}
restartPolicy: Never
serviceAccountName: {{ include "merpati.serviceAccount" . }}
{{ include "merpati.cliPod" (dict "root" .root "component" .component "args" $args "port" 0 "resources" .resources "secret" $secret "secretPath" "mongodb") }}
{{- end }}

{{/* A pod of the `merpati` command: component, args, env, a port with metrics or 0, resources, and the secret that it reads, or none. */}}
{{- define "merpati.cliPod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
containers:
  - name: {{ .component }}
    image: "{{ .root.Values.image.registry }}/{{ .root.Values.image.repository }}/cli:{{ default .root.Chart.AppVersion .root.Values.image.tag }}"
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
      {{- range .args }}
      - {{ . | quote }}
      {{- end }}
    {{- with .env }}
    env:
      {{- toYaml . | nindent 6 }}
      {{- if and $.port $.root.Values.telemetry.otlpEndpoint }}
      - name: OTEL_EXPORTER_OTLP_ENDPOINT
        value: {{ $.root.Values.telemetry.otlpEndpoint | quote }}
      {{- end }}
    {{- end }}
    {{- if .port }}
    ports:
      - { name: http, containerPort: {{ .port }} }
    livenessProbe:
      httpGet: { path: /metrics, port: http }
      periodSeconds: 30
      timeoutSeconds: 5
      failureThreshold: 4
    {{- end }}
    resources: {{- toYaml .resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      {{- if .secret }}
      - { name: secret, mountPath: /secrets/{{ default .component .secretPath }}, readOnly: true }
      {{- end }}
      - { name: tmp, mountPath: /tmp }
volumes:
  {{- with .secret }}
  - name: secret
    secret: {{- mergeOverwrite (dict "defaultMode" 288) . | toYaml | nindent 6 }}
  {{- end }}
  - name: tmp
    emptyDir: { medium: Memory, sizeLimit: 64Mi }
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
{{- $root := . }}
{{- range $key, $component := fromYaml (include "merpati.components" .) }}
{{- $values := fromYaml (include "merpati.values" (dict "root" $root "key" $key)) }}
{{- $needed := include "merpati.neededGrace" (dict "component" $component "values" $values) | int }}
{{- if and $values.terminationGracePeriodSeconds (lt (int $values.terminationGracePeriodSeconds) $needed) }}{{ $problems = append $problems (printf "%s.terminationGracePeriodSeconds: %d seconds cut sessions off; preStop and drain need %d. Write 0 for what is needed." $key (int $values.terminationGracePeriodSeconds) $needed) }}{{ end }}
{{- if and $values.autoscaling.enabled (gt (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas)) }}{{ $problems = append $problems (printf "%s.autoscaling: minReplicas is more than maxReplicas." $key) }}{{ end }}
{{- if and $component.ports (include "merpati.enabled" (dict "root" $root "key" $key)) (ne $values.service.type "ClusterIP") (ne $values.service.externalTrafficPolicy "Local") (not $root.Values.proxyProtocol.networks) }}{{ $problems = append $problems (printf "%s.service.externalTrafficPolicy: Cluster hides the clients' addresses, so that limits and checks go wrong and every stranger looks like a friend. Take Local, or have the load balancer send the PROXY header and name its networks in proxyProtocol.networks." $key) }}{{ end }}
{{- range $name, $_ := dig "service" "nodePorts" dict (index $root.Values $key) }}
{{- if not (hasKey ($component.ports | default dict) $name) }}{{ $problems = append $problems (printf "%s.service.nodePorts.%s: there is no such port." $key $name) }}{{ end }}
{{- end }}
{{- end }}
{{- if and .Values.clientSettings.enabled (not .Values.clientSettings.existingSecret) (not (and .Values.tls.certManager.enabled .Values.domains)) }}{{ $problems = append $problems "clientSettings.existingSecret: name the secret with the certificate for mta-sts. and autoconfig. of the domains, or have cert-manager make it (tls.certManager.enabled, domains)." }}{{ end }}
{{- if and .Values.probe.enabled (not .Values.probe.existingSecret) }}{{ $problems = append $problems "probe.existingSecret: name the secret with the account and the password of the probe." }}{{ end }}
{{- if $problems }}{{ fail (printf "\n\nThese values of merpati cannot work:\n - %s\n" (join "\n - " $problems)) }}{{ end }}
{{- end }}

{{/* What a hook needs is a hook itself, a little earlier; all of it goes once it has done its work, and stays to be looked at where it failed. */}}
{{- define "merpati.migrationHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* The policy of a job on the database: nobody calls it, and it calls the database alone. */}}
{{- define "merpati.databaseFlows" -}}
podSelector:
  matchLabels: {{- include "merpati.selectorLabels" . | nindent 4 }}
policyTypes: [Ingress, Egress]
ingress: []
egress:
  - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  - ports: {{- include "merpati.tcpPorts" .root.Values.networkPolicy.mongodbPorts | nindent 6 }}
    {{- with .root.Values.networkPolicy.mongodbTo }}
    to: {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}

{{- define "merpati.tcpPorts" -}}
{{- range . }}
- { port: {{ int . }}, protocol: TCP }
{{- end }}
{{- end }}
