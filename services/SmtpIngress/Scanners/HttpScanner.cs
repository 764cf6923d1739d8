using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Merpati.Mail.Policy;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>
/// One's own scanner (docs/inbound/scanners.md): <c>POST</c> of multipart/form-data with a part <c>envelope</c> (JSON) and a part <c>message</c> (message/rfc822, the octets as accepted);
/// it answers 200 with JSON, or 204 when it does not mind.
/// </summary>
internal sealed class HttpScanner(ScannerOptions options) : IContentScanner, IDisposable
{
    private const int MaxItems = 100;

    private readonly HttpClient _http = ScannerHttp.Create();

    public ScannerOptions Options => options;

    public async ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        using var form = new MultipartFormDataContent();
        var envelope = new ByteArrayContent(Envelope(message));
        envelope.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        form.Add(envelope, "envelope");
        var content = await ScannerHttp.ContentAsync(message, cancellationToken).ConfigureAwait(false);
        content.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
        form.Add(content, "message", $"{message.Id}.eml");
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Address) { Content = form };
        if (options.Secret is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await ScannerHttp.SendAsync(_http, request, cancellationToken).ConfigureAwait(false);
        return answer is null ? new ScanAnswer(options.Name, "accept") : Read(answer.RootElement);
    }

    public void Dispose() => _http.Dispose();

    private static byte[] Envelope(ScannedMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("id", message.Id.ToString());
        json.WriteString("role", message.Role == SmtpRole.Mx ? "mx" : "submission");
        json.WriteString("ip", message.Peer.RemoteEndPoint.Address.ToString());
        json.WriteString("helo", message.Peer.Hello);
        json.WriteBoolean("tls", message.Peer.Tls is not null);
        json.WriteString("user", message.Peer.Account?.Address.ToString());
        json.WriteString("sender", message.Envelope.ReversePath.Address?.ToString() ?? "");
        json.WriteStartArray("recipients");
        foreach (var recipient in message.Envelope.Recipients) json.WriteStringValue(recipient.Address.ToString());
        json.WriteEndArray();
        json.WriteNumber("size", message.Size);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">It is no answer.</exception>
    internal ScanAnswer Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new InvalidDataException("The answer is no object.");
        var word = ScannerHttp.Text(json, "verdict") ?? "accept";
        var isWish = MailFact.ScanAsks.Words!.Contains(word, StringComparer.Ordinal);
        if (!isWish && word != PolicyAction.Accept.Name()) throw new InvalidDataException($"'{word[..Math.Min(word.Length, 64)]}' is no verdict: it is one of {string.Join(", ", MailFact.ScanAsks.Words!.Prepend(PolicyAction.Accept.Name()))}.");
        return new ScanAnswer(options.Name, word)
        {
            Asks = isWish ? PolicyWords.Action(word) : null,
            Reply = ScannerHttp.Text(json, "reply"),
            Score = ScannerHttp.Number(json, "score"),
            Tags = [.. Items(json, "tags").Where(tag => tag.ValueKind == JsonValueKind.String).Select(tag => tag.GetString()!).Where(tag => tag.Length is > 0 and <= 64)],
            AddedHeaders = [.. Items(json, "headers").Select(field => KeyValuePair.Create(ScannerHttp.Text(field, "name") ?? "", ScannerHttp.Text(field, "value") ?? ""))],
        };
    }

    private static IEnumerable<JsonElement> Items(JsonElement json, string name) => json.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray().Take(MaxItems) : [];
}
