using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Delivery.Local;
using Merpati.Storage;

namespace Merpati.Delivery.Routing;

/// <summary>A mailbox owner at the end of the aliases.</summary>
/// <param name="Address">The address that led to the account, subaddress and all: what Delivered-To shows.</param>
/// <param name="Detail">The tag of <c>user+tag</c>.</param>
public sealed record LocalTarget(Account Account, EmailAddress Address, string? Detail);

/// <summary>One alias that was followed.</summary>
public sealed record AliasStep(EmailAddress From, IReadOnlyList<EmailAddress> To);

/// <summary>An address behind the recipient that leads to no mailbox, now or ever.</summary>
public sealed record DeadEnd(EmailAddress Address, TargetOutcome Outcome);

/// <summary>What one envelope recipient turned out to be. It has a target, a remote address or a dead end at least.</summary>
/// <param name="Remotes">Addresses in domains that are not ours: the message goes on to them.</param>
public sealed record RecipientExpansion(IReadOnlyList<LocalTarget> Targets, IReadOnlyList<EmailAddress> Remotes, IReadOnlyList<DeadEnd> DeadEnds, IReadOnlyList<AliasStep> Steps)
{
    /// <summary>It leads nowhere.</summary>
    public static RecipientExpansion Only(DeadEnd deadEnd, IReadOnlyList<AliasStep> steps) => new([], [], [deadEnd], steps);
}

/// <summary>
/// Follows aliases to accounts, step by step. An address is visited once, so a list that names itself is no trouble;
/// depth and number of addresses are bounded. Nothing is delivered before all of a recipient is known.
/// </summary>
public sealed class RecipientExpander(IDirectory directory, int maxDepth, int maxFanOut)
{
    public async ValueTask<RecipientExpansion> ExpandAsync(EmailAddress recipient, CancellationToken cancellationToken)
    {
        var targets = new List<LocalTarget>();
        var remotes = new List<EmailAddress>();
        var deadEnds = new List<DeadEnd>();
        var steps = new List<AliasStep>();
        var visited = new HashSet<EmailAddress> { recipient };
        var open = new Queue<(EmailAddress Address, int Depth)>([(recipient, 0)]);
        while (open.TryDequeue(out var step))
        {
            var (address, depth) = step;
            switch (await directory.ResolveAsync(address, cancellationToken))
            {
                case Resolution.LocalAccount { Account: var account, Detail: var detail }:
                    targets.Add(new LocalTarget(account, address, detail));
                    break;
                case Resolution.Alias when depth == maxDepth:
                    deadEnds.Add(new DeadEnd(address, new TargetOutcome.Refused("5.4.6", "Aliases are nested too deeply")));
                    break;
                case Resolution.Alias { Targets: var members }:
                    steps.Add(new AliasStep(address, members));
                    foreach (var target in members)
                    {
                        if (!visited.Add(target)) continue;
                        // All or nothing: a list cut off at the limit would reach some and tell nobody of the rest.
                        if (visited.Count > maxFanOut + 1) return RecipientExpansion.Only(new DeadEnd(address, new TargetOutcome.Refused("5.5.3", "The alias stands for too many addresses")), steps);
                        open.Enqueue((target, depth + 1));
                    }
                    break;
                case Resolution.UnknownUser:
                    deadEnds.Add(new DeadEnd(address, new TargetOutcome.Refused("5.1.1", "No such user here")));
                    break;
                case Resolution.Disabled:
                    deadEnds.Add(new DeadEnd(address, new TargetOutcome.Refused("5.2.1", "The mailbox is disabled")));
                    break;
                case Resolution.Remote:
                    if (RelayEntries.DestinationOf(address) is null) deadEnds.Add(new DeadEnd(address, new TargetOutcome.Refused("5.1.2", "The domain cannot be in DNS")));
                    else remotes.Add(address);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        // Every path led back to where it came from.
        if (targets.Count == 0 && remotes.Count == 0 && deadEnds.Count == 0) return RecipientExpansion.Only(new DeadEnd(recipient, new TargetOutcome.Refused("5.4.6", "The alias leads back to itself")), steps);
        return new RecipientExpansion(targets, remotes, deadEnds, steps);
    }
}
