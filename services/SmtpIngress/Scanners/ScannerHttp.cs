using System.Text.Json;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>The HTTP client of scanners: no redirects, no proxy, answers of a size that can be one.</summary>
internal static class ScannerHttp
{
    private const int MaxAnswer = 1024 * 1024;

    /// <summary>Time limits are the caller's.</summary>
    public static HttpClient Create() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, MaxResponseHeadersLength = 64, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswer,
    };

    /// <summary>The answer as JSON; null for 204.</summary>
    /// <exception cref="InvalidDataException">Another status than 200.</exception>
    public static async ValueTask<JsonDocument?> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == System.Net.HttpStatusCode.NoContent) return null;
        if (response.StatusCode != System.Net.HttpStatusCode.OK) throw new InvalidDataException($"It answers {(int)response.StatusCode}.");
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The octets of the message as the body, or a part, of a request.</summary>
    public static async ValueTask<StreamContent> ContentAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        var content = new StreamContent(await message.OpenAsync(cancellationToken).ConfigureAwait(false));
        content.Headers.ContentLength = message.Size;
        return content;
    }

    /// <summary>The text of a property; null when there is none.</summary>
    public static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The items of a list, or the one thing that stands in its place.</summary>
    public static IEnumerable<JsonElement> Several(JsonElement json) => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : [json];

    /// <summary>The number of a property; null when there is none.</summary>
    /// <exception cref="InvalidDataException">It is none that could be a score.</exception>
    public static double? Number(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number) return null;
        return value.TryGetDouble(out var number) && double.IsFinite(number) && Math.Abs(number) <= 1e9 ? Math.Round(number, 3) : throw new InvalidDataException($"{name} is no score.");
    }
}
