using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>CREATE (RFC 3501 §6.3.3) with USE (RFC 6154 §3): a special use is given once in an account.</summary>
internal sealed class CreateMailbox(MailboxName name, SpecialUse use) : AccountOperation<MailboxOutcome>
{
    public override bool Shares => true;

    public override void Declare(AccountNeeds needs)
    {
        needs.Tree = true;
        for (MailboxName? above = name; above is { } made; above = made.Parent) needs.Subscriptions.Add(made);
    }

    protected override Task<MailboxOutcome> DoAsync(AccountWork work) => Task.FromResult(Do(work.Tree));

    private MailboxOutcome Do(MailboxTree tree)
    {
        tree.EnsureAccount();
        if (tree.Exists(name)) return MailboxOutcome.AlreadyExists;
        if (use != SpecialUse.None && tree.HasSpecialUse(use)) return MailboxOutcome.Cannot;
        var parents = tree.MissingParents(name);
        if (!tree.HasRoom(parents.Count + 1)) return MailboxOutcome.Limit;

        foreach (var parent in parents) tree.Insert(parent, SpecialUse.None);
        tree.Insert(name, use);
        return MailboxOutcome.Done;
    }
}

/// <summary>An account is made with its first mailboxes.</summary>
internal sealed class EnsureAccount : AccountOperation<bool>
{
    public override bool Shares => true;

    public override void Declare(AccountNeeds needs) => needs.Tree = true;

    protected override Task<bool> DoAsync(AccountWork work)
    {
        work.Tree.EnsureAccount();
        return Task.FromResult(true);
    }
}
