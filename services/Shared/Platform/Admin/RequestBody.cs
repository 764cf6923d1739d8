using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Merpati.Platform.Admin;

/// <summary>
/// A JSON body read inside the handler, so after the token was checked, and refused in words.
/// The framework's own binding would read it before and answer an empty 400.
/// </summary>
public static class RequestBody
{
    /// <summary>Runs <paramref name="handler"/> with the body, or answers why it is none. What was in a body is never repeated in an answer: it may hold a password.</summary>
    public static async Task<IResult> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, Func<T, ValueTask<IResult>> handler, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType()) return Problems.Answer(StatusCodes.Status415UnsupportedMediaType, "not_json", "Send the body as application/json.");
        T? body;
        try
        {
            body = await JsonSerializer.DeserializeAsync(request.Body, type, cancellationToken);
        }
        catch (JsonException e)
        {
            return Problems.Invalid($"The body is not what this request takes{(e.Path is { Length: > 1 } path ? $" (see {path})" : "")}.");
        }
        catch (BadHttpRequestException e)
        {
            return Problems.Answer(e.StatusCode, "bad_body", "The body is too large or broken off.");
        }
        return body is null ? Problems.Invalid("The body is empty.") : await handler(body);
    }
}
