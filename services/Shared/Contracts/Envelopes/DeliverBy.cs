namespace Merpati.Envelopes;

/// <summary>What happens to a message that is late (RFC 2852 §4).</summary>
public enum DeliverByMode
{
    /// <summary>It goes on, and the sender gets a delay report: mode <c>N</c>.</summary>
    Notify = 0,

    /// <summary>It is not delivered any more, and the sender gets a failure report (5.4.7): mode <c>R</c>.</summary>
    Return = 1,
}

/// <summary>BY of MAIL FROM, with the seconds made a moment at acceptance.</summary>
/// <param name="At">When the message is late. In mode <see cref="DeliverByMode.Notify"/> it may be past already.</param>
/// <param name="Trace">The sender wants to hear where the message leaves the servers that know of BY: a report with the action <c>relayed</c> (RFC 2852 §4, modifier <c>T</c>).</param>
public sealed record DeliverBy(DateTimeOffset At, DeliverByMode Mode, bool Trace);
