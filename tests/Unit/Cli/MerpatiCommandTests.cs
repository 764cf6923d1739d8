using System.Text.Json;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Cli;
using Merpati.Storage;
using Merpati.Tests.Unit.UserDirectory;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.Cli;

public sealed class MerpatiCommandTests : IAsyncLifetime
{
    private readonly QueueOfOne _queue = new();
    private AdminServer _server = null!;

    public async Task InitializeAsync() => _server = await AdminServer.StartAsync(_queue, _queue);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task An_account_is_added_with_the_folder_named_first()
    {
        await DoneAsync("domain add example.test");
        var terminal = new ScriptedTerminal("s3cret päss\n");
        (await MerpatiCommand.RunAsync(["--data", _server.Folder, "account", "add", "ann@example.test", "--password-stdin"], terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        terminal.Printed.Should().Be("The account ann@example.test is there." + Environment.NewLine);
        (await LoginAsync("ann@example.test", "s3cret päss")).Should().BeOfType<LoginOutcome.Granted>();
    }

    [Fact]
    public async Task The_classifier_is_taught_shown_and_reset()
    {
        (await DoneAsync("classifier status")).Should().Contain("it needs 20 messages of each kind").And.Contain("0 messages of junk, 0 others");
        var folder = Path.Combine(_server.Folder, "mail");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "1"), "Subject: cheap pills\r\n\r\nbuy now\r\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "2"), "Subject: you won\r\n\r\nthe lottery\r\n");
        (await DoneAsync($"classifier train --junk {folder}")).Should().Contain("2 messages, 2 of them new.");
        (await DoneAsync($"classifier train --junk {folder}")).Should().Contain("2 messages, 0 of them new.");
        (await DoneAsync("classifier status")).Should().Contain("2 messages of junk, 0 others");
        (await DoneAsync("classifier reset --yes")).Should().Contain("forgotten");
        (await DoneAsync("classifier status")).Should().Contain("0 messages of junk, 0 others");
    }

    [Fact]
    public async Task The_keys_of_a_domain_are_made_shown_and_turned_over()
    {
        await DoneAsync("domain add example.test");
        (await DoneAsync("dkim add example.test --algorithm rsa --selector s1")).Should().Contain("s1._domainkey.example.test. IN TXT ( \"v=DKIM1; k=rsa; p=MIIB").And.Contain("\" \"");
        (await DoneAsync("dkim list example.test")).Should().MatchRegex("example.test +s1 +rsa +announced");
        (await DoneAsync("dkim rotate example.test --now")).Should().Contain("k=ed25519");
        var list = await DoneAsync("dkim list");
        list.Should().MatchRegex("m[0-9]+e +ed25519 +active").And.MatchRegex("m[0-9]+r +rsa +active");
        (await DoneAsync("dkim retire example.test s1")).Should().Contain("signs no more");
        (await DoneAsync("dkim show example.test s1 --json")).Should().Contain("\"state\": \"retired\"").And.NotContain("privateKey", "a private half never leaves");
        await DoneAsync("dkim remove example.test s1");
        (await DoneAsync("dkim list")).Should().NotContain("s1");
    }

    [Fact]
    public async Task A_shared_account_is_made_shared_and_taken_back()
    {
        await DoneAsync("domain add example.test");
        await DoneAsync("shared add ann@example.test");
        await DoneAsync("shared add bob@example.test");
        (await DoneAsync("shared add team@example.test --manager ann@example.test --name Team")).Should().Contain("team@example.test is there").And.Contain("ann@example.test");
        (await DoneAsync("shared list --domain example.test")).Should().MatchRegex("team@example.test +Team +shared");
        (await DoneAsync("shared show team@example.test")).Should().MatchRegex("INBOX +ann@example.test +lrswipkxteacd").And.MatchRegex("Sent +ann@example.test +lrswipkxteacd");
        (await DoneAsync("shared grant team@example.test bob@example.test lrs --mailbox INBOX")).Should().Contain("INBOX of team@example.test");
        await DoneAsync("shared grant team@example.test anyone@example.test l");
        (await DoneAsync("shared show team@example.test")).Should().MatchRegex("INBOX +bob@example.test +lrs").And.NotMatchRegex("Sent +bob@example.test").And.MatchRegex("Drafts +anyone@example.test +l");
        await DoneAsync("shared revoke team@example.test anyone@example.test");
        await DoneAsync("shared revoke team@example.test bob@example.test --mailbox INBOX");
        (await DoneAsync("shared show team@example.test --json")).Should().NotContain("anyone").And.NotContain("bob");
        foreach (var (line, complaint) in new[]
        {
            ("shared grant team@example.test carl@example.test lr", "No account or domain carl@example.test"),
            ("shared grant team@example.test bob@example.test lq", "lrswipkxtea"),
            ("shared grant team@example.test bob@example.test lr --mailbox Nothing", "no mailbox Nothing"),
            ("shared grant team@example.test team@example.test lr", "all rights, always"),
            ("shared grant nobody@example.test bob@example.test lr", "No account nobody@example.test"),
            ("shared show nobody@example.test", "No account nobody@example.test"),
        })
        {
            var terminal = new ScriptedTerminal();
            (await MerpatiCommand.RunAsync([.. line.Split(' '), "--data", _server.Folder], terminal, CancellationToken.None)).Should().NotBe(0, line);
            terminal.Complained.Should().Contain(complaint);
        }
        (await LoginAsync("team@example.test", "")).Should().BeOfType<LoginOutcome.Denied>();
        await DoneAsync("shared remove team@example.test");
        (await DoneAsync("shared list")).Should().NotContain("team@");
    }

    [Theory]
    [InlineData("{data} domain list --json")]
    [InlineData("domain {data} --json list")]
    [InlineData("--json domain list {data}")]
    [InlineData("domain list --json {data}")]
    public async Task Global_options_stand_anywhere(string line)
    {
        await DoneAsync("domain add example.test");
        foreach (var data in (string[][])[["--data", _server.Folder], [$"--data={_server.Folder}"]])
        {
            var terminal = new ScriptedTerminal();
            var arguments = line.Split(' ').SelectMany(word => word == "{data}" ? data : [word]).ToArray();
            (await MerpatiCommand.RunAsync(arguments, terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
            JsonDocument.Parse(terminal.Printed).RootElement[0].GetProperty("name").GetString().Should().Be("example.test");
        }
    }

    [Fact]
    public async Task The_folder_may_come_from_the_environment()
    {
        var terminal = new ScriptedTerminal(environment: new Dictionary<string, string> { ["MERPATI_DATA"] = _server.Folder });
        (await MerpatiCommand.RunAsync(["domain", "list"], terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        terminal.Printed.Should().Be("DOMAIN  CATCH-ALL" + Environment.NewLine);
    }

    [Theory]
    [InlineData("domain list --admin {address} --token-file {token}")]
    [InlineData("--admin={address}/ --token-file={token} domain list")]
    public async Task A_cluster_is_reached_by_address_and_token(string line)
    {
        await DoneAsync("domain add example.test");
        var token = Path.Combine(_server.Folder, "token");
        await File.WriteAllTextAsync(token, _server.Token.Value + "\n");
        var terminal = new ScriptedTerminal();
        var arguments = line.Replace("{address}", _server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("{token}", token, StringComparison.Ordinal).Split(' ');
        (await MerpatiCommand.RunAsync(arguments, terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        terminal.Printed.Should().Contain("example.test");
    }

    [Theory]
    [InlineData("domain list --admin http://localhost:1", 2, "belong together")]
    [InlineData("domain list --token-file {token}", 2, "belong together")]
    [InlineData("domain list --admin localhost --token-file {token}", 2, "is no address")]
    [InlineData("domain list --admin http://localhost:1 --token-file /no/such/file", 2, "cannot be read")]
    [InlineData("domain list --data x --admin http://localhost:1 --token-file {token}", 2, "instead of --data")]
    [InlineData("domain list --admin http://127.0.0.1:1 --token-file {token}", 3, "does not answer at http://127.0.0.1:1/")]
    public async Task A_cluster_that_is_not_reached_is_explained(string line, int code, string reason)
    {
        var token = Path.Combine(_server.Folder, "token");
        await File.WriteAllTextAsync(token, "of-another-run");
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(line.Replace("{token}", token, StringComparison.Ordinal).Split(' '), terminal, CancellationToken.None)).Should().Be(code);
        terminal.Complained.Should().Contain(reason);
    }

    [Fact]
    public async Task Domains_are_added_listed_changed_and_removed()
    {
        await DoneAsync("domain add example.test");
        await DoneAsync("account add ann@example.test --generate");
        await DoneAsync("domain add bücher.test --catch-all ann@example.test");
        (await DoneAsync("domain catch-all example.test ann+all@example.test")).Should().Contain("goes to ann+all@example.test");
        (await DoneAsync("domain list")).Split(Environment.NewLine).Should().Contain("bücher.test   ann@example.test").And.Contain("example.test  ann+all@example.test");
        (await DoneAsync("domain list --json")).Should().Contain("ann+all@example.test").And.Contain("bücher.test");
        (await DoneAsync("domain catch-all example.test --none")).Should().Contain("refused");
        await DoneAsync("domain remove bücher.test");
        (await FailAsync(1, "domain remove example.test")).Should().Contain("still has accounts");
        await FailAsync(2, "domain catch-all example.test");
        await FailAsync(2, "domain catch-all example.test ann@example.test --none");
    }

    [Fact]
    public async Task Accounts_are_added_listed_changed_and_removed()
    {
        await DoneAsync("domain add example.test");
        var generated = JsonDocument.Parse(await DoneAsync("account add ann@example.test --generate --quota 10G --json --name Ann")).RootElement.GetProperty("generated").GetString()!;
        (await LoginAsync("ann@example.test", generated)).Should().BeOfType<LoginOutcome.Granted>();
        (await DoneAsync("account show ann@example.test")).Should().Contain("10 GiB").And.Contain("Ann").And.Contain("enabled");
        (await DoneAsync("account change ann@example.test --disable --quota none --quota-messages 100")).Should().Contain("disabled").And.Contain("no limit").And.Contain("100");
        (await LoginAsync("ann@example.test", generated)).Should().BeOfType<LoginOutcome.Denied>();
        await DoneAsync("account change ann@example.test --enable");
        (await DoneAsync("account password ann@example.test --password-stdin", "new\r\n")).Should().NotContain("new");
        (await LoginAsync("ann@example.test", "new")).Should().BeOfType<LoginOutcome.Granted>();
        var printed = await DoneAsync("account password ann@example.test --generate");
        (await LoginAsync("ann@example.test", printed.Trim().Split(' ')[^1])).Should().BeOfType<LoginOutcome.Granted>();
        (await DoneAsync("account list --domain example.test --json")).Should().Contain("ann@example.test");
        await DoneAsync("account remove ann@example.test");
        (await DoneAsync("account list --json")).Trim().Should().Be("[]");
        (await FailAsync(1, "account show ann@example.test")).Should().Be("merpati: No account ann@example.test exists." + Environment.NewLine);
    }

    [Fact]
    public async Task Aliases_are_added_listed_changed_and_removed()
    {
        await DoneAsync("domain add example.test");
        await DoneAsync("alias add info@example.test ann@example.test bob@example.test");
        await DoneAsync("alias add sales-*@example.test ann@example.test,bob@example.test");
        (await DoneAsync("alias list")).Should().Contain("sales-*@example.test").And.Contain("ann@example.test, bob@example.test");
        (await DoneAsync("alias change info@example.test ann+i@example.test --json")).Should().Contain("ann+i@example.test");
        (await FailAsync(1, "alias add ann@example.test info@example.test --json")).Should().Contain("\"code\":\"loop\"");
        await DoneAsync("alias remove info@example.test");
        await FailAsync(1, "alias remove info@example.test");
        await FailAsync(1, "alias change info@example.test ann@example.test");
    }

    [Fact]
    public async Task A_domain_that_is_missing_is_named_with_the_command_that_adds_it()
        => (await FailAsync(1, "account add ann@example.test --password-stdin", "right\n")).Should().Contain("merpati domain add example.test").And.NotContain("right");

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public async Task An_empty_standard_input_is_no_password(string input)
        => (await FailAsync(2, "account add ann@example.test --password-stdin", input)).Should().Contain("No password came");

    [Theory]
    [InlineData("account add ann@example.test")] // no terminal to ask
    [InlineData("account add ann@example.test secret")] // never an argument
    [InlineData("account add ann@example.test --password secret")]
    [InlineData("account add ann@example.test --password-stdin --generate")]
    [InlineData("account add")]
    [InlineData("account change ann@example.test")]
    [InlineData("account change ann@example.test --enable --disable")]
    [InlineData("account change ann@example.test --quota lots")]
    [InlineData("account frobnicate")]
    [InlineData("frobnicate")]
    [InlineData("queue hold")]
    [InlineData("queue hold --older-than yesterday")]
    [InlineData("domain list --nonsense")]
    [InlineData("trace")]
    public async Task A_wrong_line_says_so_in_one_line(string line)
    {
        var complained = await FailAsync(2, line);
        complained.Should().StartWith("merpati: ");
        complained.Trim().Should().NotContain("\n");
        (await FailAsync(2, line + " --json")).Should().StartWith("{\"code\":\"usage\",");
    }

    [Fact]
    public async Task The_queue_is_listed_and_shown()
    {
        (await DoneAsync("queue list")).Should().Contain(_queue.Entry.Id.ToString()).And.Contain("sender@elsewhere.test").And.Contain("ann@example.test");
        (await DoneAsync("queue list --state held --json")).Trim().Should().Be("[]");
        (await DoneAsync($"queue show {_queue.Entry.Id}")).Should().Contain("4.2.2 full").And.Contain("INBOX, UID 7").And.Contain("Subject: Grüße").And.NotContain("\u001b");
        var shown = JsonDocument.Parse(await DoneAsync($"queue show {_queue.Entry.Id} --json")).RootElement;
        shown.GetProperty("sender").GetString().Should().Be("sender@elsewhere.test");
        shown.GetProperty("envelope").GetProperty("body").GetString().Should().Be("7bit");
        shown.GetProperty("steps")[0].GetProperty("detail").GetString().Should().Be("ESMTP from mx.elsewhere.test");
        (await DoneAsync("queue status")).Split(Environment.NewLine).Should().Contain("delivered    8").And.Contain("unaccounted  0");
        var status = JsonDocument.Parse(await DoneAsync("queue status --json")).RootElement;
        status.GetProperty("ledger").GetProperty("closed").GetProperty("delivered").GetInt64().Should().Be(8);
        status.GetProperty("ledger").GetProperty("unaccounted").GetInt64().Should().Be(0);
        (await FailAsync(1, "queue list --state lost")).Should().Contain("queued, held");
        (await FailAsync(1, "queue list --state 0")).Should().Contain("not a state");
        await FailAsync(1, "queue show 1234");
        (await FailAsync(1, $"queue show {new string('0', 32)}")).Should().Contain("merpati trace");
    }

    [Fact]
    public async Task Entries_are_held_released_retried_and_discarded()
    {
        var id = _queue.Entry.Id.ToString();
        (await DoneAsync($"queue hold {id} --reason why")).Should().Contain("One entry was held");
        await DoneAsync("queue release --recipient example.test");
        await DoneAsync("queue retry --all");
        JsonDocument.Parse(await DoneAsync($"queue discard {id} --json")).RootElement.GetProperty("changed")[0].GetString().Should().Be(id);
        (await DoneAsync("queue bounce --domain dead.test --reply refused --older-than 3d --reason gone")).Should().Contain("sent back");
        _queue.Asked.Select(asked => asked.Action).Should().Equal("hold", "release", "retry", "discard", "bounce");
        var bounced = _queue.Asked[4].Filter;
        bounced.Should().BeEquivalentTo(new { Domain = "dead.test", Reply = "refused" });
        bounced.AcceptedBefore.Should().BeCloseTo(TimeProvider.System.GetUtcNow().AddDays(-3), TimeSpan.FromMinutes(10));
        _queue.Asked[0].Reason.Should().Be("why (hold by administrator)");
        _queue.Asked[1].Filter.Recipient.Should().Be("example.test");
        _queue.Asked[3].Reason.Should().Be("discard by administrator");
        _queue.Told.Select(step => (step.Step, step.Detail)).Should().Equal([
            (TimelineStep.Held, "why (hold by administrator)"), (TimelineStep.Released, "release by administrator"), (TimelineStep.Discarded, "discard by administrator"),
        ], "of the others the next attempt tells");
        await FailAsync(1, $"queue retry {new string('0', 32)}");
        using var client = _server.Client();
        using var everything = await client.PostAsync("queue/discard", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        ((int)everything.StatusCode).Should().Be(400, "a forgotten filter must not empty the queue");
    }

    [Fact]
    public async Task What_is_in_quarantine_is_listed_read_released_and_discarded_and_nothing_else_is()
    {
        var id = _queue.Entry.Id.ToString();
        await DoneAsync("quarantine list --rule spam");
        await DoneAsync("quarantine release --recipient ann@example.test");
        await DoneAsync($"quarantine discard {id} --reason spam");
        _queue.Asked.Select(asked => asked.Action).Should().Equal("browse", "release", "discard");
        _queue.Asked.Should().AllSatisfy(asked => asked.Filter.State.Should().Be(RecipientState.Held));
        _queue.Asked[0].Filter.Reply.Should().Be("quarantined by the rule spam");
        _queue.Asked[1].Filter.Should().BeEquivalentTo(new { Recipient = "ann@example.test", Reply = "quarantined by the rule" });
        _queue.Asked[2].Filter.Id.Should().Be(_queue.Entry.Id);
        (await FailAsync(2, "quarantine discard")).Should().Contain("Say which messages");

        var text = await DoneAsync($"quarantine preview {id}");
        text.Should().Contain("From:    ").And.Contain("bad@elsewhere.test").And.Contain("Click http[:]//evil.test/ now").And.NotContain("\u001b");
    }

    [Fact]
    public async Task Addresses_and_domains_are_suppressed_listed_and_let_go()
    {
        (await DoneAsync("suppression add Ann@Elsewhere.test --reason bounced")).Should().Be("No mail goes to ann@elsewhere.test any more." + Environment.NewLine);
        (await DoneAsync("suppression add example.net --days 2")).Should().Contain("until");
        (await DoneAsync("suppression list")).Should().Contain("ann@elsewhere.test").And.Contain("bounced").And.Contain("put on the list by administrator");
        JsonDocument.Parse(await DoneAsync("suppression list --contains elsewhere --json")).RootElement[0].GetProperty("source").GetString().Should().Be("person");
        await DoneAsync("suppression remove ann@elsewhere.test");
        (await FailAsync(1, "suppression remove ann@elsewhere.test")).Should().Contain("not on the suppression list");
        (await FailAsync(1, "suppression add two@@ats")).Should().Contain("neither an address nor a domain");
        await FailAsync(2, "suppression add ann@elsewhere.test --days 0");
    }

    [Theory]
    [InlineData("<1/2@elsewhere.test>")]
    [InlineData("ann@example.test")]
    [InlineData("0196a0b0c0d07000800000000000abcd")]
    public async Task A_message_is_traced_by_any_of_its_names(string name)
    {
        var printed = await DoneAsync($"trace {name}");
        printed.Should().Contain("<1/2@elsewhere.test>").And.Contain("From sender@elsewhere.test to ann@example.test");
        printed.Split(Environment.NewLine).Should().Contain(line => line.Contains("delivered  ann@example.test  INBOX, UID 7"));
        var trace = JsonDocument.Parse(await DoneAsync($"trace {name} --json")).RootElement[0];
        trace.GetProperty("queueId").GetString().Should().Be(_queue.Entry.Id.ToString());
        trace.GetProperty("steps")[1].GetProperty("step").GetString().Should().Be("delivered");
    }

    [Fact]
    public async Task What_is_not_remembered_cannot_be_traced() => (await FailAsync(1, "trace nobody@example.test")).Should().Contain("Nothing is remembered");

    [Fact]
    public async Task A_terminal_gets_a_drawn_table()
    {
        await DoneAsync("domain add example.test");
        var terminal = new ScriptedTerminal { OutputIsTerminal = true };
        (await MerpatiCommand.RunAsync(["domain", "list", "--data", _server.Folder], terminal, CancellationToken.None)).Should().Be(0);
        terminal.Printed.Should().Contain("example.test").And.Contain("│");
    }

    [Fact]
    public async Task Version_and_help_need_no_server()
    {
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(["version"], terminal, CancellationToken.None)).Should().Be(0);
        terminal.Printed.Trim().Should().MatchRegex(@"^merpati \d+\.\d+");
        terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(["--json", "version"], terminal, CancellationToken.None)).Should().Be(0);
        JsonDocument.Parse(terminal.Printed).RootElement.GetProperty("version").GetString().Should().NotBeEmpty();
        foreach (var arguments in (string[][])[["--help"], ["account", "--help"], ["account", "add", "--help"], ["--data", "x", "--help"], []])
        {
            terminal = new ScriptedTerminal();
            (await MerpatiCommand.RunAsync(arguments, terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
            terminal.Printed.Should().Contain("USAGE");
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_exit_code_3()
    {
        var nowhere = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(["domain", "list", "--data", Path.Combine(_server.Folder, "missing")], nowhere, CancellationToken.None)).Should().Be(3);
        nowhere.Complained.Should().Contain("No server runs").And.Contain("--data");

        await File.WriteAllTextAsync(Path.Combine(_server.Folder, AdminEndpoint.FileName), JsonSerializer.Serialize(new AdminEndpoint(_server.Address, "of another run"), AdministrationJson.Default.AdminEndpoint));
        (await FailAsync(3, "domain list")).Should().Contain("does not know the token");
        await File.WriteAllTextAsync(Path.Combine(_server.Folder, AdminEndpoint.FileName), "{");
        await FailAsync(3, "domain list");
    }

    [Fact]
    public async Task A_server_that_stopped_is_exit_code_3()
    {
        await _server.StopAsync();
        (await FailAsync(3, "domain list")).Should().Contain("does not answer");
        (await FailAsync(3, "domain list --json")).Should().Contain("\"code\":\"not_reachable\"");
    }

    [Fact]
    public async Task Letters_of_any_language_and_odd_addresses_go_through()
    {
        await DoneAsync("domain add xn--bcher-kva.test");
        await DoneAsync("account add a/b@bücher.test --generate");
        (await DoneAsync("account show a/b@xn--bcher-kva.test")).Should().Contain("a/b@bücher.test");
        (await _server.Directory.ResolveAsync(EmailAddress.Parse("A/B@BÜCHER.test"), CancellationToken.None)).Should().BeOfType<Resolution.LocalAccount>();
    }

    private Task<LoginOutcome> LoginAsync(string login, string password)
        => _server.Directory.LoginAsync(login, password, LoginProtocol.Imap, null, CancellationToken.None).AsTask();

    private async Task<string> DoneAsync(string line, string input = "")
    {
        var terminal = new ScriptedTerminal(input);
        var code = await MerpatiCommand.RunAsync([.. line.Split(' '), "--data", _server.Folder], terminal, CancellationToken.None);
        code.Should().Be(0, terminal.Complained);
        terminal.Complained.Should().BeEmpty();
        return terminal.Printed;
    }

    private async Task<string> FailAsync(int expected, string line, string input = "")
    {
        var terminal = new ScriptedTerminal(input);
        var code = await MerpatiCommand.RunAsync([.. line.Split(' '), "--data", _server.Folder], terminal, CancellationToken.None);
        code.Should().Be(expected, terminal.Complained + terminal.Printed);
        terminal.Printed.Should().BeEmpty();
        return terminal.Complained;
    }
}
