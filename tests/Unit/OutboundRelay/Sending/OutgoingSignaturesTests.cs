using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mailboxes;
using Merpati.OutboundRelay.Sending;
using Merpati.Queueing;
using Merpati.Signing;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Merpati.Tests.Unit.Mail.Auth;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>Ours is signed, what is forwarded is sealed, and nothing is both.</summary>
public sealed class OutgoingSignaturesTests
{
    private const string Received = "Received: from a by mail.example.org; Sun, 1 Mar 2026 12:00:00 +0000\r\n";
    private const string Checked = "Authentication-Results: mail.example.org;\r\n\tspf=pass smtp.mailfrom=example.net;\r\n\tdmarc=pass header.from=example.net;\r\n\tarc=none\r\n" + Received;
    private const string Message = "From: ann@example.org\r\nSubject: hi\r\n\r\nhello\r\n";

    private readonly FakeTimeProvider _time = new(Zone.Now);
    private readonly Keyring _keys = new();
    private readonly InMemoryContentStore _contents;

    public OutgoingSignaturesTests() => _contents = new InMemoryContentStore(_time);

    [Fact]
    public async Task What_a_user_sends_is_signed_with_every_key_of_its_domain()
    {
        var sent = await SendAsync(Received + "Message-ID: <1@example.org>\r\n", Message, user: true);
        (await Zone.DkimAsync(sent, Zone.Keys)).Select(result => result.Result).Should().Equal(AuthResult.Pass, AuthResult.Pass);
        sent.Should().EndWith(Received + "Message-ID: <1@example.org>\r\n" + Message);
        (await Zone.DkimAsync(sent.Replace("<1@", "<2@", StringComparison.Ordinal), Zone.Keys)).Should().OnlyContain(result => result.Result == AuthResult.Fail, "what acceptance added is signed too");
    }

    [Fact]
    public async Task What_we_write_ourselves_is_signed() => (await Zone.DkimAsync(await SendAsync("", Message, user: false), Zone.Keys)).Should().HaveCount(2).And.OnlyContain(result => result.Result == AuthResult.Pass);

    [Fact]
    public async Task What_is_forwarded_is_sealed_and_never_signed_as_ours()
    {
        var sent = await SendAsync(Checked, Message, user: false);
        (await Zone.DkimAsync(sent, Zone.Keys)).Should().BeEmpty();
        (await Zone.ArcAsync(sent, Zone.Keys)).Should().Match<ArcResult>(arc => arc.Result == AuthResult.Pass && arc.Instances == 1 && arc.NewestResults!.Contains("dmarc=pass"));
    }

    [Fact]
    public async Task A_forged_result_within_the_message_is_not_sealed()
        => (await SendAsync(Received, "Authentication-Results: mail.example.org; dmarc=pass; arc=none\r\n" + Message, user: false)).Should().StartWith(Received);

    [Fact]
    public async Task A_domain_without_keys_signs_nothing() => (await SendAsync(Received, "From: bob@example.net\r\n\r\nx\r\n", user: true)).Should().StartWith(Received);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_acceptance_found_and_decided_stays_here(bool user)
    {
        const string found = "X-Merpati-Verdict: accept; rule=partner; score=3;\r\n\ttag=partner\r\n";
        const string scanned = "X-Merpati-Scan: content=clean;\r\n\tclassifier=good\r\n";
        var sent = await SendAsync(found + Received + scanned + "Message-ID: <1@example.org>\r\n", "X-Merpati-Probe: theirs\r\n" + Message, user);
        sent.Should().EndWith(Received + "Message-ID: <1@example.org>\r\nX-Merpati-Probe: theirs\r\n" + Message).And.NotContain("partner").And.NotContain("content=clean");
        if (user) (await Zone.DkimAsync(sent, Zone.Keys)).Should().HaveCount(2).And.OnlyContain(result => result.Result == AuthResult.Pass);
    }

    [Fact]
    public async Task A_directory_that_is_away_holds_the_message_back()
    {
        _keys.Away = true;
        var sending = () => SendAsync(Received, Message, user: true);
        await sending.Should().ThrowAsync<IOException>();
    }

    private async Task<string> SendAsync(string trace, string message, bool user)
    {
        await using var writer = await _contents.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(Encoding.ASCII.GetBytes(message), CancellationToken.None);
        var content = await writer.CommitAsync(CancellationToken.None);
        var entry = new QueueEntry
        {
            Id = QueueId.New(_time),
            Route = QueueRoute.Relay,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = Encoding.ASCII.GetBytes(trace),
            ReversePath = new ReversePath(EmailAddress.Parse("bounce@example.org")),
            Recipients = [],
            Submitter = user ? AccountId.New(_time) : null,
            AcceptedAt = Zone.Now,
            NextAttemptAt = Zone.Now,
        };
        var prefix = await new OutgoingSignatures(_keys, "mail.example.org", _time).PrefixAsync(entry, token => _contents.OpenAsync(entry.Content, 0, entry.Size, token), CancellationToken.None);
        return Encoding.ASCII.GetString(prefix.Span) + message;
    }

    private sealed class Keyring : IDkimKeys
    {
        public bool Away { get; set; }

        public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
            => Away ? throw new IOException("away") : ValueTask.FromResult<IReadOnlyList<DkimSigningKey>>(domain == "example.org" ? [Keys.Rsa(), Keys.Ed25519()] : []);
    }
}
