using Merpati.Accounts.V1;
using Merpati.Addresses;
using Merpati.Relaying;
using Merpati.Rpc.Calls;
using EmailAddress = Merpati.Addresses.EmailAddress;
using Suppression = Merpati.Relaying.Suppression;

namespace Merpati.Rpc.Accounts;

/// <summary><see cref="ISuppressionList"/> at UserDirectory. Every call may be made again: none adds up.</summary>
internal sealed class SuppressionClient(SuppressionService.SuppressionServiceClient client, Caller caller) : ISuppressionList
{
    public async ValueTask PutAsync(Suppression suppression, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Repeatable, client.PutSuppressionAsync, new PutSuppressionRequest { Suppression = suppression.ToWire() }, cancellationToken);

    public async ValueTask<bool> RemoveAsync(string pattern, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Once, client.RemoveSuppressionAsync, new RemoveSuppressionRequest { Pattern = pattern }, cancellationToken)).Removed;

    public async ValueTask<IReadOnlyDictionary<EmailAddress, Suppression>> FindAsync(IReadOnlyList<EmailAddress> recipients, EmailAddress? sender, CancellationToken cancellationToken)
    {
        var request = new FindSuppressionsRequest { Recipients = { recipients.Select(recipient => recipient.ToWire()) }, Sender = sender?.ToWire() };
        var response = await caller.AskAsync(CallKind.Question, client.FindSuppressionsAsync, request, cancellationToken);
        return response.Suppressed.ToDictionary(suppressed => suppressed.Recipient.ToContract(), suppressed => suppressed.Suppression.ToContract());
    }

    public async ValueTask<IReadOnlyList<Suppression>> ListAsync(string? contains, string? after, int limit, CancellationToken cancellationToken)
    {
        var request = new ListSuppressionsRequest { Limit = limit };
        if (contains is not null) request.Contains = contains;
        if (after is not null) request.After = after;
        var response = await caller.AskAsync(CallKind.Question, client.ListSuppressionsAsync, request, cancellationToken);
        return [.. response.Suppressions.Select(SuppressionConversions.ToContract)];
    }
}
