using System.Net;
using AwesomeAssertions;
using Google.Protobuf;
using Merpati.Accounts;
using Merpati.Accounts.V1;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Xunit;
using Account = Merpati.Accounts.Account;
using Contract = Merpati.Mailboxes;
using EmailAddress = Merpati.Addresses.EmailAddress;
using LoginOutcome = Merpati.Accounts.LoginOutcome;

namespace Merpati.Tests.Unit.Protos;

/// <summary>What goes over the wire comes back equal, and what cannot be a value of the contract is refused as such.</summary>
public sealed class ConversionTests
{
    public static TheoryData<Contract.SearchCriteria> Terms =>
    [
        new Contract.SearchCriteria.All(),
        new Contract.SearchCriteria.Not(new Contract.SearchCriteria.HasFlag(SystemFlags.Seen)),
        new Contract.SearchCriteria.Or(new Contract.SearchCriteria.HasKeyword("$Junk"), new Contract.SearchCriteria.RecentFrom(new Uid(7))),
        new Contract.SearchCriteria.Larger(long.MaxValue),
        new Contract.SearchCriteria.Smaller(0),
        new Contract.SearchCriteria.Internal(new DateOnly(2026, 2, 3), null),
        new Contract.SearchCriteria.Internal(DateOnly.MinValue, DateOnly.MaxValue),
        new Contract.SearchCriteria.Sent(null, new DateOnly(1999, 12, 31)),
        new Contract.SearchCriteria.Header("Subject", ""),
        new Contract.SearchCriteria.Body("grüße"),
        new Contract.SearchCriteria.Anywhere(""),
        new Contract.SearchCriteria.ModSeqFrom(new ModSeq(long.MaxValue)),
    ];

    public static TheoryData<Contract.AppendOutcome> Appends =>
    [
        new Contract.AppendOutcome.NoSuchMailbox(),
        new Contract.AppendOutcome.OverQuota(),
        new Contract.AppendOutcome.TooLarge(),
    ];

    [Theory]
    [MemberData(nameof(Terms))]
    public void ASearchTermComesBack(Contract.SearchCriteria term)
        => V1SearchCriteria(term.ToWire().ToByteArray()).ToContract().Should().Be(term);

    [Fact]
    public void TermsAndSetsOfASearchComeBack()
    {
        var set = Contract.UidSet.Of([new Contract.UidRange(new Uid(1), new Uid(5)), new Contract.UidRange(new Uid(9), new Uid(uint.MaxValue))]);
        var program = new Contract.SearchCriteria.And([new Contract.SearchCriteria.Uids(set), new Contract.SearchCriteria.All()]);

        var back = V1SearchCriteria(program.ToWire().ToByteArray()).ToContract().Should().BeOfType<Contract.SearchCriteria.And>().Which;

        back.Terms.Should().HaveCount(2);
        back.Terms[0].Should().BeOfType<Contract.SearchCriteria.Uids>().Which.Set.Should().Equal(set);
    }

    [Fact]
    public void AnEmptyUnknownOrTooDeepSearchIsRefused()
    {
        Refused(() => new Merpati.Mailboxes.V1.SearchCriteria().ToContract());
        Refused(() => new Merpati.Mailboxes.V1.SearchCriteria { Or = new SearchTerms() }.ToContract());
        Refused(() => new Merpati.Mailboxes.V1.SearchCriteria { Sent = new SearchDates { FromDay = -1 } }.ToContract());
        Contract.SearchCriteria deep = new Contract.SearchCriteria.All();
        for (var i = 0; i < 60; i++) deep = new Contract.SearchCriteria.Not(deep);
        var wire = deep.ToWire();
        Refused(() => wire.ToContract());
    }

    [Fact]
    public void AMailboxComesBack()
    {
        var mailbox = new Contract.MailboxInfo
        {
            Id = new MailboxId(Guid.NewGuid()), Name = MailboxName.Parse("Grüße/2026"), SpecialUse = Contract.SpecialUse.Important, Subscribed = true, UidValidity = new UidValidity(uint.MaxValue),
            UidNext = new Uid(9), HighestModSeq = new ModSeq(1L << 40), Messages = 5, Unseen = 4, Deleted = 3, FirstRecent = new Uid(8), Recent = 2, Size = 1L << 50,
        };

        mailbox.ToWire().ToContract().Should().Be(mailbox);
        Refused(() => new Merpati.Mailboxes.V1.MailboxInfo { MailboxId = ByteString.CopyFrom(1, 2), Name = "a" }.ToContract());
        Refused(() => MailboxConversions.ToMailboxName("a//b"));
    }

    [Fact]
    public void AMessageComesBack()
    {
        var message = new Contract.MessageInfo
        {
            Uid = new Uid(3), ModSeq = new ModSeq(4), Flags = new Contract.MessageFlags(SystemFlags.Seen | SystemFlags.Draft, ["$Forwarded", "x"]),
            InternalDate = new DateTimeOffset(2026, 2, 3, 4, 5, 6, 7, TimeSpan.FromMinutes(-210)), SaveDate = DateTimeOffset.UnixEpoch, Content = new ContentId(Guid.NewGuid()),
            TracePrefix = new byte[] { 1, 0, 255 }, Size = 77, EmailId = "M1", ThreadId = "T1",
            Structure = new Contract.MessageStructure { Envelope = new Contract.MessageEnvelope { Subject = "Hi" }, Root = new Contract.BodyPart { Type = "text", Subtype = "plain" } },
        };

        var back = message.ToWire().ToContract();

        back.Should().Be(message with { TracePrefix = back.TracePrefix, Structure = back.Structure });
        back.InternalDate.Offset.Should().Be(message.InternalDate.Offset);
        back.TracePrefix.ToArray().Should().Equal(1, 0, 255);
        back.Structure.Envelope.Subject.Should().Be("Hi");
    }

    [Theory]
    [MemberData(nameof(Appends))]
    public void ARefusalComesBack(Contract.AppendOutcome outcome) => outcome.ToWire().ToContract().Should().Be(outcome);

    [Fact]
    public void OutcomesComeBack()
    {
        var appended = new Contract.Appended(new MailboxId(Guid.NewGuid()), new UidValidity(1), new Uid(2), new ModSeq(3));
        new Contract.AppendOutcome.Done([appended]).ToWire().ToContract().Should().BeOfType<Contract.AppendOutcome.Done>().Which.Messages.Should().Equal(appended);

        var copied = new Contract.CopyOutcome.Done(new UidValidity(5), [new Contract.CopiedMessage(new Uid(1), new Uid(2))]);
        copied.ToCopyResponse().ToContract().Should().BeOfType<Contract.CopyOutcome.Done>().Which.Messages.Should().Equal(copied.Messages);
        copied.ToMoveResponse().ToContract().Should().BeOfType<Contract.CopyOutcome.Done>().Which.UidValidity.Should().Be(copied.UidValidity);
        new Contract.CopyOutcome.OverQuota().ToCopyResponse().ToContract().Should().BeOfType<Contract.CopyOutcome.OverQuota>();
        new Contract.CopyOutcome.NoSuchMailbox().ToMoveResponse().ToContract().Should().BeOfType<Contract.CopyOutcome.NoSuchMailbox>();

        var stored = new Contract.StoreOutcome([new Contract.MessageState(new Uid(1), new ModSeq(2), Contract.MessageFlags.None)], [new Uid(4), new Uid(5), new Uid(9)]);
        var back = stored.ToWire().ToContract();
        back.Changed.Should().Equal(stored.Changed);
        back.Modified.Should().Equal(stored.Modified);

        new Contract.QuotaUsage(1, 2, null, 0).ToWire().ToContract().Should().Be(new Contract.QuotaUsage(1, 2, null, 0));
        foreach (var outcome in Enum.GetValues<Contract.MailboxOutcome>()) outcome.ToWire().ToContract().Should().Be(outcome);
        foreach (var operation in Enum.GetValues<Contract.FlagOperation>()) operation.ToWire().ToContract().Should().Be(operation);
        foreach (var use in Enum.GetValues<Contract.SpecialUse>()) ((int)(Merpati.Mailboxes.V1.SpecialUse)use).Should().Be((int)use);
        Refused(() => new AppendMessagesResponse().ToContract());
        Refused(() => new CopyMessagesResponse().ToContract());
        Refused(() => default(Merpati.Mailboxes.V1.MailboxOutcome).ToContract());
        Refused(() => default(Merpati.Mailboxes.V1.FlagOperation).ToContract());
    }

    [Fact]
    public void TheDirectorysAnswersComeBack()
    {
        var account = new Account { Id = new AccountId(Guid.NewGuid()), Address = EmailAddress.Parse("\"a@b\"@bücher.test"), DisplayName = "Ann", Enabled = false, QuotaMessages = 0, Shared = true };
        account.ToWire().ToContract().Should().Be(account);
        new Resolution.LocalAccount(account, "tag").ToWire().ToContract().Should().Be(new Resolution.LocalAccount(account, "tag"));
        new Resolution.Alias([account.Address]).ToWire().ToContract().Should().BeOfType<Resolution.Alias>().Which.Targets.Should().Equal(account.Address);
        foreach (var resolution in new Resolution[] { new Resolution.UnknownUser(), new Resolution.Disabled(), new Resolution.Remote() }) resolution.ToWire().ToContract().Should().Be(resolution);
        foreach (var outcome in new LoginOutcome[] { new LoginOutcome.Granted(account), new LoginOutcome.Denied(), new LoginOutcome.Throttled(TimeSpan.FromSeconds(90)) }) outcome.ToWire().ToContract().Should().Be(outcome);
        foreach (var protocol in Enum.GetValues<Merpati.Accounts.LoginProtocol>()) protocol.ToWire().ToContract().Should().Be(protocol);
        foreach (var client in new[] { null, IPAddress.Loopback, IPAddress.IPv6Loopback }) client.ToWire().ToAddress().Should().Be(client);
        Refused(() => new ResolveResponse().ToContract());
        Refused(() => new Merpati.Accounts.V1.LoginOutcome().ToContract());
        Refused(() => ByteString.CopyFrom(1, 2, 3).ToAddress());
    }

    private static Merpati.Mailboxes.V1.SearchCriteria V1SearchCriteria(byte[] octets) => Merpati.Mailboxes.V1.SearchCriteria.Parser.ParseFrom(octets);

    private static void Refused(Func<object?> conversion) => conversion.Should().Throw<WireFormatException>();
}
