using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merpati.Administration;

namespace Merpati.Cli.Server;

/// <summary>Speaks to an admin API: that of the server whose data folder it was given, or that of a cluster.</summary>
internal sealed class AdminClient : IDisposable
{
    private const string Prefix = "admin/v1/";

    private readonly HttpClient _http;
    private readonly string _whose;
    private readonly string _tokenFile;

    /// <param name="whose">Which server, behind the words "the server".</param>
    private AdminClient(AdminEndpoint endpoint, string whose, string tokenFile)
    {
        (_whose, _tokenFile) = (whose, tokenFile);
        // The token goes to the address that was named and nowhere else: no proxy from the environment, no redirect.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = endpoint.Address,
            Timeout = TimeSpan.FromSeconds(100),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", endpoint.Token);
    }

    public static async ValueTask<AdminClient> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, AdminEndpoint.FileName);
        try
        {
            await using var file = File.OpenRead(path);
            var endpoint = await JsonSerializer.DeserializeAsync(file, AdministrationJson.Default.AdminEndpoint, cancellationToken);
            return endpoint is { Address.IsAbsoluteUri: true } ? new AdminClient(endpoint, $" of {folder}", path) : throw new NotReachableFailure($"{path} does not say where the server is; restart the server.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotReachableFailure($"No server runs with the data folder {folder} ({AdminEndpoint.FileName} is not there). Start it, or name its folder with --data.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new NotReachableFailure($"{path} may be read by the owner of the data folder only; run this as that user.");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new NotReachableFailure($"{path} cannot be read; restart the server.");
        }
    }

    /// <summary>For work that takes as long as there is data. To be called before the first request.</summary>
    public void WaitForever() => _http.Timeout = Timeout.InfiniteTimeSpan;

    public static async ValueTask<AdminClient> OpenAsync(string address, string tokenFile, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(address.EndsWith('/') ? address : address + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new UsageFailure($"'{address}' is no address; write it as http://localhost:8080.");
        string token;
        try { token = (await File.ReadAllTextAsync(tokenFile, cancellationToken)).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageFailure($"{tokenFile} cannot be read: {e.Message}"); }
        if (token.Length == 0 || !token.All(c => char.IsAscii(c) && !char.IsWhiteSpace(c) && !char.IsControl(c))) throw new UsageFailure($"{tokenFile} holds no token.");
        return new AdminClient(new AdminEndpoint(uri, token), "", tokenFile);
    }

    public ValueTask<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Get, path, null, answer, cancellationToken);

    public ValueTask<TAnswer> SendAsync<TBody, TAnswer>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> type, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken)
        => SendAsync(method, path, JsonContent.Create(body, type), answer, cancellationToken);

    /// <summary>For a request that is answered without a body.</summary>
    public async ValueTask SendAsync<TBody>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> type, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, JsonContent.Create(body, type), cancellationToken);
    }

    /// <summary>Sends a message as it is.</summary>
    public ValueTask<T> UploadAsync<T>(string path, Stream message, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Post, path, new StreamContent(message) { Headers = { ContentType = new MediaTypeHeaderValue("message/rfc822") } }, answer, cancellationToken);

    /// <summary>Sends a body that is made while it is sent. What goes wrong with the making comes out as it is.</summary>
    public async ValueTask<T> UploadAsync<T>(string path, string mediaType, Func<Stream, CancellationToken, Task> write, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        var content = new PushedContent(mediaType, async (stream, token) =>
        {
            try { await write(stream, token); }
            catch (Exception e) when (e is CommandFailure or UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
            {
                fault = e;
                throw;
            }
        });
        try { return await SendAsync(HttpMethod.Post, path, content, answer, cancellationToken); }
        catch (Exception) when (fault is not null) { throw fault as CommandFailure ?? new UsageFailure(fault.Message); }
    }

    /// <summary>Gives the answer's body to <paramref name="read"/> as it comes.</summary>
    public async ValueTask DownloadAsync(string path, Func<Stream, Task> read, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        try { await read(body); }
        catch (HttpIOException) { throw new NotReachableFailure($"The server{_whose} broke off in the middle of its answer; its log says why."); }
    }

    public async ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async ValueTask<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, content, cancellationToken);
        try
        {
            return await response.Content.ReadFromJsonAsync(answer, cancellationToken) ?? throw NotOurs();
        }
        catch (JsonException)
        {
            throw NotOurs();
        }
    }

    private async ValueTask<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(method, Prefix + path) { Content = content };
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, cancellationToken);
        }
        catch (HttpRequestException)
        {
            throw new NotReachableFailure($"The server{_whose} does not answer at {_http.BaseAddress}. Is it running?");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotReachableFailure($"The server{_whose} at {_http.BaseAddress} took too long to answer. Whether it did what was asked is not known.");
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await FailureAsync(response, cancellationToken);
    }

    private async ValueTask<CommandFailure> FailureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // Another server has taken the port, or this one was restarted under our hands.
        if (response.StatusCode == HttpStatusCode.Unauthorized) return new NotReachableFailure($"The server at {_http.BaseAddress} does not know the token in {_tokenFile}: it is not the server{_whose} that the token belongs to, or it was restarted just now.");
        if (response.Content.Headers.ContentType?.MediaType != Problem.MediaType) return NotOurs((int)response.StatusCode);
        try
        {
            return await response.Content.ReadFromJsonAsync(AdministrationJson.Default.Problem, cancellationToken) is { } problem ? new RefusedFailure(problem) : NotOurs((int)response.StatusCode);
        }
        catch (JsonException)
        {
            return NotOurs((int)response.StatusCode);
        }
    }

    private NotReachableFailure NotOurs(int? status = null)
        => new($"The server at {_http.BaseAddress} gave an answer that was not understood{(status is null ? "" : $" (HTTP {status})")}; its log says more.");
}
