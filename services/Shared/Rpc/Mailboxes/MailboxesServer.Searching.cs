using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.SearchConversions;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesServer
{
    /// <summary>A search that goes on says so this often, within any idle time.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    public override async Task Search(Wire.SearchRequest request, IServerStreamWriter<Wire.SearchResponse> responseStream, ServerCallContext context)
    {
        var found = await AwaitAsync(mailboxes.SearchAsync(Account(request.AccountId), Mailbox(request.MailboxId), Criteria(request.Criteria), context.CancellationToken), responseStream, context);
        await responseStream.WriteAsync(found, static (message, uid) => message.Uids.Add(uid), null, context.CancellationToken);
    }

    public override async Task Sort(Wire.SortRequest request, IServerStreamWriter<Wire.SortResponse> responseStream, ServerCallContext context)
    {
        var keys = request.Keys.Select(Wire.SearchConversions.ToContract).ToList();
        var found = await AwaitAsync(mailboxes.SortAsync(Account(request.AccountId), Mailbox(request.MailboxId), keys, Criteria(request.Criteria), context.CancellationToken), responseStream, context);
        await responseStream.WriteAsync(found, static (message, uid) => message.Uids.Add(uid), null, context.CancellationToken);
    }

    public override async Task Thread(Wire.ThreadRequest request, IServerStreamWriter<Wire.ThreadResponse> responseStream, ServerCallContext context)
    {
        var found = await AwaitAsync(mailboxes.ThreadAsync(Account(request.AccountId), Mailbox(request.MailboxId), request.Algorithm.ToContract(), Criteria(request.Criteria), context.CancellationToken), responseStream, context);
        await responseStream.WriteAsync(found, Wire.SearchConversions.ToWire, static (message, place) => message.Places.Add(place), null, context.CancellationToken);
    }

    /// <summary>What takes long says meanwhile that it goes on.</summary>
    private async Task<TFound> AwaitAsync<TFound, TResponse>(ValueTask<TFound> work, IServerStreamWriter<TResponse> responseStream, ServerCallContext context)
        where TResponse : class, new()
    {
        var found = work.AsTask();
        while (await Task.WhenAny(found, Task.Delay(Heartbeat, time, context.CancellationToken)) != found) await responseStream.WriteAsync(new TResponse(), context.CancellationToken);
        return await found;
    }

    private static SearchCriteria Criteria(Wire.SearchCriteria? criteria) => (criteria ?? throw new Wire.WireFormatException("There is nothing to search for.")).ToContract();
}
