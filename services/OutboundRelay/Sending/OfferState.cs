using Merpati.OutboundRelay.Queue;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>How far an offer is: who has a fate, who may be offered to the next host, and what the hosts said.</summary>
internal sealed class OfferState
{
    /// <summary>Lines for the timeline; servers choose the words, and how many there are.</summary>
    private const int MaxSteps = 30;

    private readonly IReadOnlyList<QueueRecipient> _recipients;
    private readonly Dictionary<QueueRecipient, Fate> _fates = new(ReferenceEqualityComparer.Instance);
    private readonly List<string> _steps = [];
    private Fate? _hostFailure;
    private bool _talked;

    public OfferState(IReadOnlyList<QueueRecipient> recipients)
    {
        _recipients = recipients;
        Open = [.. recipients];
    }

    /// <summary>Those that may be offered to the next host.</summary>
    public List<QueueRecipient> Open { get; }

    /// <summary>As it was received, signed; null before the first host listens.</summary>
    public RelayedMessage? Message { get; set; }

    /// <summary>The host for which the intent of all recipients is durable already.</summary>
    public string? Intended { get; init; }

    public int Dials { get; set; }

    public int Sessions { get; set; }

    /// <summary>The last host that was dialed did not want to talk to us: its other addresses will not either.</summary>
    public bool LastHostRefused { get; set; }

    /// <summary>Some host said something about some recipient.</summary>
    public bool HasAnswer { get; private set; }

    public bool IsRelayedInPart => _fates.Values.Any(fate => fate is Fate.Relayed);

    public void Connected() => _talked = true;

    public void Step(string line)
    {
        if (_steps.Count < MaxSteps) _steps.Add(line);
    }

    /// <summary>The host did not come to hear of any recipient.</summary>
    public void HostFailed(string where, Fate failure, string stage = "")
    {
        Step($"{where}: {stage}{failure.Text}");
        // What is temporary anywhere is temporary as a whole.
        if (_hostFailure is not Fate.Postponed || failure is Fate.Postponed) _hostFailure = failure;
    }

    /// <param name="final">Not to be offered to another host.</param>
    public void Settle(IReadOnlyList<QueueRecipient> recipients, string where, Fate fate, bool final)
    {
        HasAnswer = true;
        Step(recipients.Count == 1 ? $"{where}: <{recipients[0].Recipient.Address}>: {fate.Text}" : $"{where}: {fate.Text}");
        foreach (var recipient in recipients)
        {
            // A refusal by one host counts only if no other one would take it later.
            if (final || fate is Fate.Postponed || !_fates.ContainsKey(recipient)) _fates[recipient] = fate;
            if (final) Open.Remove(recipient);
        }
    }

    /// <summary>The connection was lost before it was settled.</summary>
    public void Lost(QueueRecipient recipient, string where, Fate failure)
    {
        if (_hostFailure?.Text != failure.Text) HostFailed(where, failure);
        if (_fates.TryGetValue(recipient, out var fate) && fate is Fate.Refused) _fates[recipient] = failure;
    }

    public Offer ToOffer()
    {
        var nothing = _hostFailure ?? new Fate.Postponed("4.4.0", "450 4.4.0 No host was tried");
        var fates = _recipients.Select(recipient => _fates.TryGetValue(recipient, out var fate) ? Weigh(fate, _hostFailure, Open.Contains(recipient)) : nothing).ToList();
        var feedback = _talked || HasAnswer ? GateFeedback.Good : _hostFailure is null ? GateFeedback.None : GateFeedback.Bad;
        return new Offer(fates, _steps, feedback, _hostFailure?.Text);
    }

    /// <summary>One host cannot take it, and another one could not be asked: it is not over.</summary>
    private static Fate Weigh(Fate fate, Fate? hostFailure, bool open) => open && fate is Fate.Refused && hostFailure is Fate.Postponed ? hostFailure : fate;
}
