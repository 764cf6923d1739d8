using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Platform.Admin;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class AdminApiTests
{
    [Theory]
    [InlineData(AdminRole.Viewer, 403, 403)]
    [InlineData(AdminRole.Operator, 200, 403)]
    [InlineData(AdminRole.Administrator, 200, 201)]
    public async Task A_token_goes_as_far_as_its_role(AdminRole role, int queueChange, int directoryChange)
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("merpati-token-");
        try
        {
            var file = Path.Combine(folder.FullName, "token");
            await File.WriteAllTextAsync(file, "0123456789abcdef-" + role);
            var token = AdminToken.FromFile(file, "admin:tokens:0:tokenFile", "oncall", role);
            var queue = new Cli.QueueOfOne();
            await using var server = await AdminServer.StartAsync(queue, queue, token);
            using var client = server.Client(token.Value);
            (await client.GetAsync("queue")).StatusCode.Should().Be(System.Net.HttpStatusCode.OK);
            (await client.GetAsync("accounts")).StatusCode.Should().Be(System.Net.HttpStatusCode.OK);
            ((int)(await client.PostAsJsonAsync("queue/hold", new { all = true })).StatusCode).Should().Be(queueChange);
            var refused = await client.PostAsJsonAsync("domains", new { name = "example.test" });
            ((int)refused.StatusCode).Should().Be(directoryChange);
            if (directoryChange == 403) (await refused.Content.ReadAsStringAsync()).Should().Contain("administrator").And.Contain("oncall").And.NotContain(token.Value);
            if (queueChange == 200) queue.Asked[^1].Reason.Should().Be("hold by oncall");
            server.Log.Lines.Should().NotContain(line => line.Contains(token.Value));
        }
        finally { folder.Delete(recursive: true); }
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_token()
    {
        await using var server = await AdminServer.StartAsync();
        using var stranger = new HttpClient { BaseAddress = new Uri(server.Address, "/admin/v1/") };
        foreach (var path in (string[])["domains", "accounts", "aliases"])
        {
            using var response = await stranger.GetAsync(path);
            response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
            response.Headers.WwwAuthenticate.ToString().Should().Be("Bearer");
            response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        }
        using var wrong = server.Client(AdminToken.Generate().Value);
        using var post = await wrong.PostAsync("domains", Json("not even JSON"));
        post.StatusCode.Should().Be(HttpStatusCode.Unauthorized, "the body is not looked at before the token");
    }

    [Fact]
    public async Task The_token_file_is_the_owners_alone()
    {
        await using var server = await AdminServer.StartAsync();
        var path = Path.Combine(server.Folder, AdminEndpoint.FileName);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var endpoint = JsonSerializer.Deserialize(await File.ReadAllTextAsync(path), AdministrationJson.Default.AdminEndpoint)!;
        endpoint.Address.Should().Be(server.Address);
        Convert.FromBase64String(endpoint.Token.Replace('-', '+').Replace('_', '/') + "=").Should().HaveCount(32);
        Directory.EnumerateFiles(server.Folder).Should().ContainSingle();

        new AdminEndpointFile(server.Folder).Remove();
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public async Task A_domain_an_account_and_an_alias_live_and_go()
    {
        await using var server = await AdminServer.StartAsync();
        using var client = server.Client();
        (await SendAsync(client, "POST", "domains", """{"name":"Example.TEST."}""")).Should().Be((201, """{"name":"example.test","catchAll":null}"""));
        (await SendAsync(client, "POST", "accounts", """{"address":"ann@example.test","password":"right","name":"Ann","quotaOctets":1000}""")).Status.Should().Be(201);
        (await server.Directory.LoginAsync("ann@example.test", "right", LoginProtocol.Admin, null, CancellationToken.None)).Should().BeOfType<LoginOutcome.Granted>();
        var (_, shown) = await SendAsync(client, "GET", "accounts/ann%40example.test");
        shown.Should().Contain("\"name\":\"Ann\"").And.Contain("\"quotaOctets\":1000").And.Contain("\"quotaMessages\":null").And.NotContain("right").And.NotContain("argon2");

        (await SendAsync(client, "PATCH", "accounts/ann%40example.test", """{"enabled":false,"quotaOctets":0}""")).Text.Should().Contain("\"enabled\":false").And.Contain("\"quotaOctets\":null").And.Contain("\"name\":\"Ann\"");
        (await SendAsync(client, "PATCH", "accounts/ann%40example.test", """{"enabled":true,"name":""}""")).Text.Should().Contain("\"enabled\":true").And.Contain("\"name\":null");
        (await SendAsync(client, "PUT", "accounts/ann%40example.test/password", """{"password":"other"}""")).Should().Be((204, ""));
        (await server.Directory.LoginAsync("ann@example.test", "other", LoginProtocol.Admin, null, CancellationToken.None)).Should().BeOfType<LoginOutcome.Granted>();

        (await SendAsync(client, "POST", "aliases", """{"address":"info@example.test","targets":["ann@example.test","ANN@example.test"]}""")).Should().Be((201, """{"address":"info@example.test","targets":["ann@example.test"]}"""));
        (await SendAsync(client, "PUT", "aliases/info%40example.test", """{"targets":["ann+i@example.test"]}""")).Status.Should().Be(200);
        (await server.Directory.ResolveAsync(EmailAddress.Parse("info@example.test"), CancellationToken.None)).Should().BeOfType<Resolution.Alias>();
        (await SendAsync(client, "PUT", "domains/example.test/catch-all", """{"catchAll":"ann@example.test"}""")).Status.Should().Be(200);

        (await SendAsync(client, "DELETE", "domains/example.test")).Status.Should().Be(409);
        (await SendAsync(client, "DELETE", "aliases/info%40example.test")).Status.Should().Be(204);
        (await SendAsync(client, "DELETE", "accounts/ann%40example.test")).Status.Should().Be(204);
        (await SendAsync(client, "DELETE", "domains/example.test")).Status.Should().Be(204);
        (await SendAsync(client, "GET", "domains")).Text.Should().Be("[]");
        server.Log.Lines.Should().NotContain(line => line.Contains("right") || line.Contains("other"));
    }

    [Theory]
    [InlineData("POST", "domains", """{"name":"example.test"}""", 409, "already_exists")]
    [InlineData("POST", "domains", """{"name":"not a domain"}""", 400, "not_a_domain")]
    [InlineData("POST", "domains", """{"name":"[127.0.0.1]"}""", 400, "not_a_domain")]
    [InlineData("POST", "domains", """{"name":"x.test","catchAll":"ann@elsewhere.test"}""", 422, "remote_target")]
    [InlineData("POST", "domains", """{"name":null}""", 400, "invalid")]
    [InlineData("POST", "domains", """{}""", 400, "invalid")]
    [InlineData("POST", "domains", """{"name":"x.test","nonsense":1}""", 400, "invalid")]
    [InlineData("POST", "domains", """[]""", 400, "invalid")]
    [InlineData("POST", "domains", """null""", 400, "invalid")]
    [InlineData("POST", "domains", """{"name":""", 400, "invalid")]
    [InlineData("POST", "domains", "", 400, "invalid")]
    [InlineData("PUT", "domains/missing.test/catch-all", """{"catchAll":null}""", 404, "not_found")]
    [InlineData("DELETE", "domains/missing.test", null, 404, "not_found")]
    [InlineData("POST", "accounts", """{"address":"ann@example.test"}""", 409, "already_exists")]
    [InlineData("POST", "accounts", """{"address":"info@example.test"}""", 409, "already_exists")]
    [InlineData("POST", "accounts", """{"address":"ann@elsewhere.test"}""", 422, "no_such_domain")]
    [InlineData("POST", "accounts", """{"address":"ann"}""", 400, "not_an_address")]
    [InlineData("POST", "accounts", """{"address":"a*@example.test"}""", 400, "invalid")]
    [InlineData("POST", "accounts", """{"address":"bob@example.test","password":""}""", 400, "unusable_password")]
    [InlineData("POST", "accounts", """{"address":"bob@example.test","password":"a\u0000b"}""", 400, "unusable_password")]
    [InlineData("POST", "accounts", """{"address":"bob@example.test","quotaOctets":-1}""", 400, "invalid")]
    [InlineData("POST", "accounts", """{"address":"bob@example.test","quotaOctets":99999999999999999999}""", 400, "invalid")]
    [InlineData("PATCH", "accounts/bob%40example.test", """{"enabled":true}""", 404, "not_found")]
    [InlineData("PUT", "accounts/bob%40example.test/password", """{"password":"x"}""", 404, "not_found")]
    [InlineData("GET", "accounts/nonsense", null, 404, "not_found")]
    [InlineData("GET", "accounts?after=nonsense", null, 400, "not_an_address")]
    [InlineData("POST", "aliases", """{"address":"info@example.test","targets":["ann@example.test"]}""", 409, "already_exists")]
    [InlineData("POST", "aliases", """{"address":"x@example.test","targets":[]}""", 400, "invalid")]
    [InlineData("POST", "aliases", """{"address":"x@example.test","targets":[null]}""", 400, "not_an_address")]
    [InlineData("POST", "aliases", """{"address":"x@example.test","targets":["a*@example.test"]}""", 400, "invalid")]
    [InlineData("POST", "aliases", """{"address":"x@example.test","targets":["x@example.test"]}""", 422, "loop")]
    [InlineData("PUT", "aliases/missing%40example.test", """{"targets":["ann@example.test"]}""", 404, "not_found")]
    [InlineData("DELETE", "aliases/missing%40example.test", null, 404, "not_found")]
    public async Task Refusals_are_problems_with_a_sentence_and_a_code(string method, string path, string? body, int status, string code)
    {
        await using var server = await AdminServer.StartAsync();
        using var client = server.Client();
        await SendAsync(client, "POST", "domains", """{"name":"example.test"}""");
        await SendAsync(client, "POST", "accounts", """{"address":"ann@example.test"}""");
        await SendAsync(client, "POST", "aliases", """{"address":"info@example.test","targets":["ann@example.test"]}""");

        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : Json(body) };
        using var response = await client.SendAsync(request);
        ((int)response.StatusCode).Should().Be(status);
        response.Content.Headers.ContentType!.MediaType.Should().Be(Problem.MediaType);
        var problem = (await response.Content.ReadFromJsonAsync(AdministrationJson.Default.Problem))!;
        problem.Code.Should().Be(code);
        problem.Status.Should().Be(status);
        problem.Detail.Should().MatchRegex(@"\.$|merpati [a-z]+ ");
    }

    [Fact]
    public async Task A_body_has_a_type_and_an_end()
    {
        await using var server = await AdminServer.StartAsync();
        using var client = server.Client();
        using var form = await client.PostAsync("domains", new StringContent("name=example.test", Encoding.UTF8, "application/x-www-form-urlencoded"));
        form.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
        using var large = await client.PostAsync("domains", Json($$"""{"name":"{{new string('x', 100_000)}}"}"""));
        large.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        using var deep = await client.PostAsync("domains", Json(new string('[', 10_000)));
        deep.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_address_may_hold_a_slash_and_letters_of_any_language()
    {
        await using var server = await AdminServer.StartAsync();
        using var client = server.Client();
        await SendAsync(client, "POST", "domains", """{"name":"bücher.test"}""");
        foreach (var address in (string[])["a/b@bücher.test", "käthe@bücher.test", "\"a b\"@bücher.test", "100%@bücher.test", "a?b#c@bücher.test"])
        {
            using var added = await client.PostAsync("accounts", JsonContent.Create(new NewAccount(address), AdministrationJson.Default.NewAccount));
            added.StatusCode.Should().Be(HttpStatusCode.Created, address);
            (await SendAsync(client, "GET", $"accounts/{Uri.EscapeDataString(address)}")).Status.Should().Be(200, address);
        }
    }

    [Fact]
    public async Task A_long_list_comes_in_pages()
    {
        await using var server = await AdminServer.StartAsync();
        using var client = server.Client();
        await SendAsync(client, "POST", "domains", """{"name":"example.test"}""");
        for (var i = 0; i < 5; i++) await SendAsync(client, "POST", "accounts", $$"""{"address":"user{{i}}@example.test"}""");
        var first = (await client.GetFromJsonAsync("accounts?limit=3", AdministrationJson.Default.IReadOnlyListAccountView))!;
        var second = (await client.GetFromJsonAsync($"accounts?limit=3&after={first[^1].Address}", AdministrationJson.Default.IReadOnlyListAccountView))!;
        first.Concat(second).Select(account => account.Address).Should().Equal(Enumerable.Range(0, 5).Select(i => $"user{i}@example.test"));
        (await SendAsync(client, "GET", "accounts?domain=other.test")).Text.Should().Be("[]");
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<(int Status, string Text)> SendAsync(HttpClient client, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : Json(body) };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if (text.Length > 0) text = JsonSerializer.Serialize(JsonDocument.Parse(text).RootElement);
        return ((int)response.StatusCode, text);
    }
}
