using System.Text;
using System.Text.Json;
using Merpati.Mail.Policy;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>Rspamd: the message as the body of <c>POST /checkv2</c>, who sends it in header fields, and JSON as the answer.</summary>
internal sealed class RspamdScanner : IContentScanner, IDisposable
{
    private const int MaxSymbols = 200;
    private const int MaxHeaders = 100;

    private readonly HttpClient _http = ScannerHttp.Create();
    private readonly Uri _url;

    public RspamdScanner(ScannerOptions options)
    {
        Options = options;
        _url = new Uri(new Uri(options.Address), "/checkv2");
    }

    public ScannerOptions Options { get; }

    public async ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = await ScannerHttp.ContentAsync(message, cancellationToken).ConfigureAwait(false) };
        Say("IP", message.Peer.RemoteEndPoint.Address.ToString());
        Say("Helo", message.Peer.Hello);
        Say("Hostname", message.Peer.Name);
        Say("From", message.Envelope.ReversePath.Address?.ToString() ?? "");
        foreach (var recipient in message.Envelope.Recipients) Say("Rcpt", recipient.Address.ToString());
        Say("User", message.Peer.Account?.Address.ToString());
        Say("Queue-Id", message.Id.ToString());
        Say("MTA-Name", message.HostName);
        Say("TLS-Version", message.Peer.Tls?.Protocol);
        Say("TLS-Cipher", message.Peer.Tls?.CipherSuite);
        // What Rspamd would have its own milter do to the header comes with the answer.
        Say("Milter", "Yes");
        Say("Password", Options.Secret);
        using var answer = await ScannerHttp.SendAsync(_http, request, cancellationToken).ConfigureAwait(false) ?? throw new InvalidDataException("Rspamd says nothing.");
        return Read(answer.RootElement);

        void Say(string name, string? value)
        {
            if (value is null) return;
            // A field of HTTP is ASCII on one line; what strangers wrote is not always.
            request.Headers.TryAddWithoutValidation(name, Ascii.IsValid(value) && !value.AsSpan().ContainsAny('\r', '\n', '\0') ? value : Uri.EscapeDataString(value));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <exception cref="InvalidDataException">It is no answer of Rspamd.</exception>
    internal ScanAnswer Read(JsonElement json)
    {
        var action = ScannerHttp.Text(json, "action") is { Length: > 0 and <= 64 } word ? word : throw new InvalidDataException("Rspamd names no action.");
        var score = ScannerHttp.Number(json, "score") ?? 0;
        var symbols = json.TryGetProperty("symbols", out var found) && found.ValueKind == JsonValueKind.Object ? found.EnumerateObject().Take(MaxSymbols).Select(symbol => symbol.Name) : [];
        var milter = json.TryGetProperty("milter", out var wanted) ? wanted : default;
        return new ScanAnswer(Options.Name, string.Concat(action.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')))
        {
            Asks = action switch
            {
                "reject" => PolicyAction.Reject,
                "soft reject" or "greylist" => PolicyAction.Defer,
                "add header" or "rewrite subject" => PolicyAction.Junk,
                "quarantine" or "discard" => PolicyAction.Quarantine,
                _ => null,
            },
            Reply = json.TryGetProperty("messages", out var messages) ? ScannerHttp.Text(messages, "smtp_message") : null,
            Rspamd = new RspamdVerdict(action, score, [.. symbols]),
            AddedHeaders = [.. Added(milter).Take(MaxHeaders), .. Signatures(json)],
            RemovedHeaders = [.. Removed(milter).Take(MaxHeaders)],
        };
    }

    /// <summary>Each name with a text, with an object that has it as <c>value</c>, or with a list of these.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Added(JsonElement milter)
    {
        foreach (var (name, field) in Fields(milter, "add_headers"))
        {
            if ((field.ValueKind == JsonValueKind.String ? field.GetString() : ScannerHttp.Text(field, "value")) is { } value) yield return new(name, value);
        }
    }

    private static IEnumerable<KeyValuePair<string, int>> Removed(JsonElement milter)
    {
        foreach (var (name, field) in Fields(milter, "remove_headers"))
        {
            if (field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var which)) yield return new(name, which);
        }
    }

    private static IEnumerable<(string Name, JsonElement Value)> Fields(JsonElement milter, string what)
        => milter.ValueKind == JsonValueKind.Object && milter.TryGetProperty(what, out var fields) && fields.ValueKind == JsonValueKind.Object
            ? fields.EnumerateObject().SelectMany(field => ScannerHttp.Several(field.Value).Select(value => (field.Name, value)))
            : [];

    /// <summary>What its module for DKIM signed.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Signatures(JsonElement json)
    {
        if (!json.TryGetProperty("dkim-signature", out var signed)) return [];
        return ScannerHttp.Several(signed).Where(one => one.ValueKind == JsonValueKind.String).Take(MaxHeaders).Select(one => KeyValuePair.Create("DKIM-Signature", one.GetString()!));
    }
}
