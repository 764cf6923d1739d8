using System.Text.Json;
using AwesomeAssertions;
using Merpati.Cli;
using Xunit;

namespace Merpati.Tests.Unit.Cli;

/// <summary><c>merpati check</c>: verdicts without a server and without a network.</summary>
public sealed class CheckTests : IDisposable
{
    private const string Zone = """
        $ORIGIN example.org.
        $TTL 300
        @       IN MX 10 mx
        @       IN TXT ( "v=spf1 mx "
                         "exp=why.example.org -all" ) ; two strings
        mx      600 IN A 192.0.2.1
        why     TXT "%{i} may not"
        _dmarc  TXT "v=DMARC1; p=reject"
        silent  !TIMEOUT TXT
        _dmarc.unit TXT "v=DMARC1; p=reject; psd=n"
        """;

    private const string Message = "From: ann@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from; b=AAAA; bh=AAAA\r\n\r\nHi\r\n";

    private readonly string _zone = Path.GetTempFileName();

    public CheckTests() => File.WriteAllText(_zone, Zone);

    public void Dispose() => File.Delete(_zone);

    [Theory]
    [InlineData("192.0.2.1", "ann@example.org", "pass", "mx", null)]
    [InlineData("192.0.2.9", "ann@example.org", "fail", "-all", "192.0.2.9 may not")]
    [InlineData("::ffff:192.0.2.1", "<ann@example.org>", "pass", "mx", null)]
    [InlineData("192.0.2.9", "ann@other.example", "none", null, null)]
    [InlineData("192.0.2.9", "ann@silent.example.org", "temperror", null, null)]
    public async Task SPF_is_checked_against_a_zone_file(string client, string sender, string result, string? mechanism, string? explanation)
    {
        var json = await JsonAsync("", "check", "spf", "--ip", client, "--sender", sender, "--helo", "mx.example.org", "--dns", _zone, "--json");
        (json.GetProperty("method").GetString(), json.GetProperty("result").GetString()).Should().Be(("spf", result));
        (json.GetProperty("mechanism").GetString(), json.GetProperty("explanation").GetString()).Should().Be((mechanism, explanation));
    }

    [Fact]
    public async Task A_message_comes_from_standard_input()
    {
        var json = await JsonAsync(Message, "check", "dkim", "-", "--dns", _zone, "--json");
        json.GetProperty("result").GetString().Should().Be("permerror");
        json.GetProperty("signatures")[0].GetProperty("reason").GetString().Should().Be("no key for signature");
        (await JsonAsync(Message, "check", "arc", "--dns", _zone, "--json")).GetProperty("result").GetString().Should().Be("none");
    }

    [Theory]
    [InlineData("192.0.2.1", "pass", "spf")]
    [InlineData("192.0.2.9", "fail", null)]
    public async Task DMARC_takes_both(string client, string result, string? aligned)
    {
        var json = await JsonAsync(Message, "--json", "check", "dmarc", "--ip", client, "--sender", "bounce@example.org", "--dns", _zone);
        (json.GetProperty("result").GetString(), json.GetProperty("policy").GetString()).Should().Be((result, "reject"));
        json.GetProperty("alignedBy").EnumerateArray().Select(word => word.GetString()).Should().Equal(aligned is null ? [] : [aligned]);
    }

    [Theory]
    [InlineData("treeWalk", "fail", "unit.example.org")]
    [InlineData("publicSuffixList", "pass", "example.org")]
    public async Task DMARC_knows_both_ways_to_an_organization(string method, string result, string organization)
    {
        var message = Message.Replace("ann@example.org", "ann@unit.example.org", StringComparison.Ordinal);
        var json = await JsonAsync(message, "--json", "check", "dmarc", "--ip", "192.0.2.1", "--sender", "bounce@example.org", "--dns", _zone, "--organizational-domain", method);
        (json.GetProperty("result").GetString(), json.GetProperty("organizationalDomain").GetString()).Should().Be((result, organization));
    }

    [Theory]
    [InlineData("check spf --ip nonsense --sender a@b.example --dns {zone}", "no IP address")]
    [InlineData("check spf --ip 192.0.2.1 --dns /no/such/file", "cannot be read")]
    [InlineData("check dkim /no/such/file --dns {zone}", "cannot be read")]
    [InlineData("check dkim --dns {zone} --time yesterday", "no time")]
    public async Task A_wrong_line_is_explained(string line, string reason)
    {
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(line.Replace("{zone}", _zone, StringComparison.Ordinal).Split(' '), terminal, CancellationToken.None)).Should().Be(ExitCode.Usage);
        terminal.Complained.Should().Contain(reason);
    }

    [Fact]
    public async Task A_zone_file_that_is_none_is_named_with_its_line()
    {
        await File.WriteAllTextAsync(_zone, "example.org. A 192.0.2.1\nexample.org. A 192.0.2.\n");
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(["check", "spf", "--ip", "192.0.2.1", "--dns", _zone], terminal, CancellationToken.None)).Should().Be(ExitCode.Usage);
        terminal.Complained.Should().Contain("Line 2");
    }

    private static async Task<JsonElement> JsonAsync(string input, params string[] arguments)
    {
        var terminal = new ScriptedTerminal(input);
        (await MerpatiCommand.RunAsync(arguments, terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        using var json = JsonDocument.Parse(terminal.Printed);
        return json.RootElement.Clone();
    }
}
