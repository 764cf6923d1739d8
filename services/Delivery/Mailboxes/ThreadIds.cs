using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>THREADID of a new message (RFC 8474 §5.2): that of a message it refers to, else a new one.</summary>
internal static class ThreadIds
{
    public static async ValueTask<string> OfAsync(IMailboxStore store, AccountId account, MessageStructure structure, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = structure.References.Count == 0 ? null : await store.FindThreadAsync(account, structure.References, cancellationToken);
        return found ?? "T" + Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    }
}
