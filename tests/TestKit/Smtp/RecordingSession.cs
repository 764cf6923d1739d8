using System.Buffers;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;

namespace Merpati.TestKit.Smtp;

/// <summary>A session that takes everything and keeps it in memory; what it decides can be replaced.</summary>
public sealed class RecordingSession : ISmtpSession
{
    private readonly List<ReceivedMessage> _messages = [];
    private readonly List<SmtpPeer> _peers = [];
    private readonly List<(string Verb, SmtpReply Reply)> _refusals = [];

    /// <summary>Completed messages, in order.</summary>
    public IReadOnlyList<ReceivedMessage> Messages => _messages;

    public IReadOnlyList<(string Verb, SmtpReply Reply)> Refusals => _refusals;

    /// <summary>Receivers that were given out and not disposed yet.</summary>
    public int OpenReceivers { get; private set; }

    public MemoryDirectory Directory { get; } = new("ann@example.test", "bob@example.test");

    public SmtpReply? Greeting { get; set; }

    public Func<MailFrom, SmtpReply?> OnMail { get; set; } = static _ => null;

    public Func<EnvelopeRecipient, RcptVerdict> OnRcpt { get; set; } = static recipient => new RcptVerdict.Accepted(recipient);

    public Func<Envelope, SmtpReply?> OnBegin { get; set; } = static _ => null;

    /// <summary>Called with the octets so far after each write.</summary>
    public Func<int, SmtpReply?> OnWrite { get; set; } = static _ => null;

    public Func<ReceivedMessage, SmtpReply> OnComplete { get; set; } = static _ => new SmtpReply(250, "2.0.0", "Ok: taken");

    /// <summary>Who connected, and for whom it spoke afterwards.</summary>
    public IReadOnlyList<SmtpPeer> Peers => _peers;

    public ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken)
    {
        _peers.Add(peer);
        return ValueTask.FromResult(Greeting);
    }

    public SaslServer? StartSasl(SmtpPeer peer, string mechanism) => SaslServer.Create(mechanism, Directory, LoginProtocol.Submission, null);

    public async ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken)
        => EmailAddress.TryParse(login, out var address) && await Directory.ResolveAsync(address, cancellationToken) is Resolution.LocalAccount local ? local.Account : null;

    public ValueTask<SmtpReply?> MailAsync(SmtpPeer peer, MailFrom mail, CancellationToken cancellationToken) => ValueTask.FromResult(OnMail(mail));

    public ValueTask<RcptVerdict> RcptAsync(SmtpPeer peer, MailFrom mail, EnvelopeRecipient recipient, CancellationToken cancellationToken) => ValueTask.FromResult(OnRcpt(recipient));

    public ValueTask<BodyVerdict> BeginBodyAsync(SmtpPeer peer, Envelope envelope, CancellationToken cancellationToken)
    {
        if (OnBegin(envelope) is { } refusal) return ValueTask.FromResult<BodyVerdict>(new BodyVerdict.Refused(refusal));
        OpenReceivers++;
        return ValueTask.FromResult<BodyVerdict>(new BodyVerdict.Accepted(new Receiver(this, peer, envelope)));
    }

    public void OnRefusal(SmtpPeer peer, string verb, SmtpReply reply) => _refusals.Add((verb, reply));

    private sealed class Receiver(RecordingSession session, SmtpPeer peer, Envelope envelope) : IBodyReceiver
    {
        private readonly ArrayBufferWriter<byte> _octets = new();

        public ValueTask<SmtpReply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            _octets.Write(octets.Span);
            return ValueTask.FromResult(session.OnWrite(_octets.WrittenCount));
        }

        public ValueTask<SmtpReply> CompleteAsync(CancellationToken cancellationToken)
        {
            var message = new ReceivedMessage(peer, envelope, _octets.WrittenMemory.ToArray());
            var reply = session.OnComplete(message);
            if (reply.IsPositive) session._messages.Add(message);
            return ValueTask.FromResult(reply);
        }

        public ValueTask DisposeAsync()
        {
            session.OpenReceivers--;
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>One message that got a positive reply.</summary>
public sealed record ReceivedMessage(SmtpPeer Peer, Envelope Envelope, ReadOnlyMemory<byte> Octets)
{
    public string Text => System.Text.Encoding.Latin1.GetString(Octets.Span);
}
