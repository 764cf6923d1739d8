using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Merpati.Accounts;
using Merpati.Administration;
using Merpati.Addresses;
using Merpati.Local.Cluster;
using Merpati.Local.ForTests;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Protocols.Wire;
using Merpati.Rpc;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Merpati.Tests.Transcripts.Imap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Sdk;

namespace Merpati.Tests.EndToEnd;

/// <summary>
/// The IMAP transcripts against the six processes, over a socket: what a client says goes to ImapGateway or Pop3Gateway, what a transcript puts into a mailbox beforehand to Delivery.
/// Each has accounts of its own, removed when it ends.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class ClusterTranscripts(ClusterFixture fixture) : IAsyncLifetime
{
    /// <summary>What a process that others share cannot be asked to do, and why.</summary>
    private static readonly Dictionary<string, string> LeftOut = new(StringComparer.Ordinal)
    {
        ["AppendTranscripts.MULTIAPPEND_has_a_limit"] = Options,
        ["LoginTranscripts.Without_TLS_passwords_are_refused_and_STARTTLS_is_offered"] = Options,
        ["LoginTranscripts.Nonsense_is_answered_and_in_the_end_thrown_out"] = Options,
        ["LoginTranscripts.Literals_that_are_too_large_are_refused_and_the_session_goes_on"] = Options,
        ["LoginTranscripts.Lines_that_are_too_long_are_dropped_and_answered"] = Options,
        ["MetadataTranscripts.The_server_has_entries_of_its_own"] = Options,
        ["NotifyTranscripts.More_mailboxes_than_can_be_watched"] = Options,
        ["AclTranscripts.Other_domains_are_shared_with_only_where_the_administrator_says_so"] = Options,
        ["LoginTranscripts.A_login_that_takes_too_long_ends_the_connection"] = Clock,
        ["LoginTranscripts.An_idle_session_is_logged_out_after_half_an_hour"] = Clock,
        ["NotifyTranscripts.It_looks_by_itself_when_no_bell_rings"] = Clock,
        ["SearchTranscripts.Ages_and_days_are_those_of_the_servers_clock"] = Clock,
        ["SessionTranscripts.The_patience_for_a_login_begins_again_after_UNAUTHENTICATE"] = Clock,
        ["SessionsTranscripts.IDLE_ends_with_a_logout_after_half_an_hour"] = Clock,
        ["SessionsTranscripts.IDLE_polls_when_no_bell_rings"] = Clock,
        ["SessionsTranscripts.A_client_that_never_reads_is_cut_off"] = Clock,
        ["SharedMailboxTranscripts.Where_word_of_it_is_lost_rights_are_asked_for_again_after_half_a_minute"] = Clock,
        ["LoginTranscripts.Draining_says_goodbye"] = Process,
        ["FetchTranscripts.Damage_is_local"] = Memory,
        ["FetchTranscripts.A_message_that_breaks_off_within_its_literal_ends_the_connection"] = Memory,
        ["LoginTranscripts.An_outage_is_answered_and_the_session_lives_on"] = Memory,
        ["SharedMailboxTranscripts.The_store_being_away_no_right_is_taken_for_granted"] = Memory,
        ["SharedMailboxTranscripts.The_quota_of_the_owner_is_charged_and_shown"] = Memory,
        ["AclTranscripts.Entries_of_accounts_that_are_gone_are_not_shown"] = Word,
        ["SharedMailboxTranscripts.A_session_loses_the_selected_mailbox_with_the_right_to_read_it"] = Word,
        ["SharedMailboxTranscripts.A_command_that_comes_after_the_right_is_gone_reads_nothing"] = Word,
    };

    private const string Options = "It wants other options than the processes have.";
    private const string Clock = "It sets the clock.";
    private const string Process = "It ends the process.";
    private const string Memory = "It is about faults that only mailboxes in memory have at will.";
    private const string Word = "Its next command has to know what word of it, over the bus, may not have reached yet.";

    private readonly ClusterServer _cluster = (ClusterServer)fixture.Server;
    private readonly HashSet<string> _accounts = new(StringComparer.Ordinal);
    private ServiceProvider? _services;
    private MongoStores? _stores;

    public static TheoryData<string> All()
    {
        var data = new TheoryData<string>();
        foreach (var name in Transcripts().Select(transcript => transcript.Name).Where(name => !LeftOut.ContainsKey(name))) data.Add(name);
        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_six_processes_answer_as_the_transcript_says(string name)
    {
        var (_, method, arguments) = Transcripts().Single(transcript => transcript.Name == name);
        Session.Elsewhere.Value = StartAsync;
        await (Task)method.Invoke(Activator.CreateInstance(method.DeclaringType!), arguments)!;
    }

    [Fact]
    public void What_is_left_out_is_there() => Assert.Empty(LeftOut.Keys.Except(Transcripts().Select(transcript => transcript.Name)));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var address in _accounts) await _cluster.Administration.RemoveAccountAsync(address);
        if (_services is not null) await _services.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    /// <summary>A fact by its name, a theory with the number of its data.</summary>
    private static IEnumerable<(string Name, MethodInfo Method, object[] Arguments)> Transcripts()
    {
        var classes = typeof(Session).Assembly.GetTypes().Where(type => type.Namespace == typeof(Session).Namespace && type.Name.EndsWith("Transcripts", StringComparison.Ordinal));
        foreach (var method in classes.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance)).Where(method => method.GetCustomAttribute<FactAttribute>() is not null).OrderBy(method => method.DeclaringType!.Name).ThenBy(method => method.Name))
        {
            var name = $"{method.DeclaringType!.Name}.{method.Name}";
            var rows = method.GetCustomAttributes<DataAttribute>().SelectMany(data => data.GetData(method)).ToList();
            if (rows.Count == 0) yield return (name, method, []);
            for (var i = 0; i < rows.Count; i++) yield return ($"{name}#{i + 1}", method, rows[i]);
        }
    }

    private async Task<ImapTestServer> StartAsync(long? quotaOctets)
    {
        var mailboxes = new StoredMailboxes(new LocalMailboxChangeFeed(), TimeProvider.System, PartsAsync);
        var account = await AddAccountAsync(new NewTestAccount(ImapTestServer.Login, QuotaOctets: quotaOctets));
        await mailboxes.EnsureAccountAsync(account.Id, CancellationToken.None);
        return new ImapTestServer(account, mailboxes, new ServerElsewhere(
            (transport, lifetime) => ServeAsync(transport, lifetime, _cluster.ImapPort), (transport, lifetime) => ServeAsync(transport, lifetime, _cluster.Pop3Port), AddAccountAsync));
    }

    private async Task<Account> AddAccountAsync(NewTestAccount wanted)
    {
        var address = EmailAddress.Parse(wanted.Address);
        var administration = _cluster.Administration;
        await administration.AddDomainAsync(address.Domain);
        // Some transcripts take one server after the other.
        if (!_accounts.Add(wanted.Address)) await administration.RemoveAccountAsync(wanted.Address);
        await administration.AddAccountAsync(new NewAccount(wanted.Address, wanted.Shared ? null : ImapTestServer.Password, QuotaOctets: wanted.QuotaOctets, Shared: wanted.Shared));
        if (!wanted.Enabled) await administration.ChangeAccountAsync(wanted.Address, new AccountChange(Enabled: false));
        var view = await administration.FindAccountAsync(wanted.Address) ?? throw new InvalidOperationException("The account is not there.");
        return new Account { Id = new AccountId(Guid.Parse(view.Id)), Address = address, Shared = wanted.Shared, Enabled = wanted.Enabled, QuotaOctets = wanted.QuotaOctets };
    }

    /// <summary>The port of a gateway, with a gateway's certificate; and the stores themselves, for what only delivery puts into them.</summary>
    private async Task<StoredMailboxes.Parts> PartsAsync()
    {
        var gateway = await KeysAsync(ServiceKind.ImapGateway);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(gateway.Select(key => KeyValuePair.Create(key.Key, (string?)key.Value))).Build());
        services.AddMailboxesClient();
        _services = services.BuildServiceProvider();
        var delivery = await KeysAsync(ServiceKind.Delivery);
        _stores = new MongoStores(new MongoStoreOptions { ConnectionString = delivery["mongo:connectionString"], Database = delivery["mongo:database"] }, TimeProvider.System, NullLogger<MongoStores>.Instance);
        return new StoredMailboxes.Parts(_stores.Mailboxes, _stores.Content, _services.GetRequiredService<IMailboxes>()) { Announces = true };
    }

    private async Task<Dictionary<string, string>> KeysAsync(ServiceKind kind)
        => JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(_cluster.Cluster.First(kind).ConfigurationFile))!;

    /// <summary>Passes octets on, both ways, until the gateway closes.</summary>
    private async ValueTask ServeAsync(ITransport transport, SessionLifetime lifetime, int port)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(lifetime.Aborted);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, ended.Token);
        var gateway = socket.GetStream();
        var sending = SendAsync();
        try { await gateway.CopyToAsync(transport.Output.AsStream(), ended.Token); }
        finally
        {
            await ended.CancelAsync();
            await sending;
        }

        async Task SendAsync()
        {
            try
            {
                await transport.Input.AsStream().CopyToAsync(gateway, ended.Token);
                socket.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException) { } // the gateway has closed
        }
    }
}
