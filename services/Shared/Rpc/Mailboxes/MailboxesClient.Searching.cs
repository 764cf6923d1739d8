using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.SearchConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesClient
{
    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var found = new List<Uid>();
        var request = new Wire.SearchRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Criteria = criteria.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Search, request, cancellationToken))
        {
            foreach (var uid in response.Uids) found.Add(new Uid(uid));
        }
        return found;
    }

    public async ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var found = new List<Uid>();
        var request = new Wire.SortRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Keys = { keys.Select(Wire.SearchConversions.ToWire) }, Criteria = criteria.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Sort, request, cancellationToken))
        {
            foreach (var uid in response.Uids) found.Add(new Uid(uid));
        }
        return found;
    }

    public async ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var places = new List<ThreadPlace>();
        var request = new Wire.ThreadRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Algorithm = algorithm.ToWire(), Criteria = criteria.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Thread, request, cancellationToken)) places.AddRange(response.Places.Select(Wire.SearchConversions.ToContract));
        return places;
    }
}
