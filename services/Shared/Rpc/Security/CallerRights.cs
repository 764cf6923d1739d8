using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Security;

/// <summary>Who may call which gRPC service, by the names in the caller's certificate. A service that is not in the table may be called by nobody.</summary>
internal sealed class CallerRights
{
    /// <summary>How a caller in clear text is shown.</summary>
    public const string Anyone = "anyone";

    private readonly FrozenDictionary<string, FrozenSet<string>> _allowed;
    private readonly ConditionalWeakTable<X509Certificate2, IReadOnlyList<string>> _names = [];

    public CallerRights(IOptions<RpcOptions> options)
    {
        var allow = options.Value.Allow;
        _allowed = new Dictionary<string, FrozenSet<string>>
        {
            [Merpati.Mailboxes.V1.MailboxesService.Descriptor.FullName] = Names(allow.Mailboxes),
            [Merpati.Mailboxes.V1.MaildropService.Descriptor.FullName] = Names(allow.MaildropLocks),
            [Merpati.Mailboxes.V1.AccountRemovalService.Descriptor.FullName] = Names(allow.AccountRemoval),
            [Merpati.Mailboxes.V1.MailboxSharingService.Descriptor.FullName] = Names(allow.Sharing),
            [Merpati.Queueing.V1.MailQueueService.Descriptor.FullName] = Names(allow.Queue),
            [Merpati.Queueing.V1.QueuedHeaderService.Descriptor.FullName] = Names(allow.Queue),
            [Merpati.Timeline.V1.TimelineService.Descriptor.FullName] = Names(allow.Timeline),
            [Merpati.Accounts.V1.SuppressionService.Descriptor.FullName] = Names(allow.Suppressions),
            [Merpati.Signing.V1.DkimKeysService.Descriptor.FullName] = Names(allow.DkimKeys),
            [Merpati.Accounts.V1.DirectoryService.Descriptor.FullName] = Names(allow.Directory),
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The name under which the caller may call the service; null when it may not.</summary>
    /// <param name="service">Full name of the gRPC service.</param>
    public string? Admit(X509Certificate2 caller, string service)
    {
        if (service == Grpc.Health.V1.Health.Descriptor.FullName) return NamesOf(caller) is [var name, ..] ? name : Anyone;
        return _allowed.TryGetValue(service, out var allowed) ? NamesOf(caller).FirstOrDefault(allowed.Contains) : null;
    }

    public IReadOnlyList<string> NamesOf(X509Certificate2 caller) => _names.GetValue(caller, ServiceCredentials.NamesOf);

    private static FrozenSet<string> Names(string list)
        => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
