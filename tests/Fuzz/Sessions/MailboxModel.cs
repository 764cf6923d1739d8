using System.Text;
using Merpati.Mailboxes;
using Merpati.TestKit;

namespace Merpati.Fuzz.Sessions;

internal sealed class ModelMessage(uint uid, string content)
{
    public uint Uid => uid;

    /// <summary>Latin-1.</summary>
    public string Content => content;

    public string Body => content[(content.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    public string Subject => content.StartsWith("Subject: ", StringComparison.Ordinal) || content.Contains("\nSubject: ", StringComparison.Ordinal) ? content.Split("Subject: ")[1].Split('\r')[0] : "";

    public SortedSet<string> Flags { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    public long Size => content.Length;

    /// <summary>As the store gave it; 0 before it was looked at.</summary>
    public ulong ModSeq { get; set; }

    /// <summary>Changed since the store was looked at: its MODSEQ has to grow.</summary>
    public bool IsChanged { get; set; }

    public bool Apply(char operation, IEnumerable<string> change)
    {
        var before = string.Join(' ', Flags);
        if (operation == '=') Flags.Clear();
        if (operation == '-') Flags.ExceptWith(change);
        else Flags.UnionWith(change);
        if (before == string.Join(' ', Flags)) return false;
        return IsChanged = true;
    }
}

/// <summary>What a mailbox has to be after the commands so far: the oracle.</summary>
internal sealed class MailboxModel(string name)
{
    private ulong _highest;
    private bool _hasLost;

    /// <summary>RENAME changes it.</summary>
    public string Name { get; set; } = name;

    /// <summary>As the store gave it; 0 before it was looked at.</summary>
    public uint Validity { get; private set; }

    /// <summary>The value of the one entry that is set, or null.</summary>
    public string? Annotation { get; set; }

    public uint UidNext { get; private set; } = 1;

    public ulong Highest => _highest;

    public SortedDictionary<uint, ModelMessage> Messages { get; } = [];

    public List<uint> Uids => [.. Messages.Keys];

    public ModelMessage Add(IEnumerable<string> flags, string content)
    {
        var message = new ModelMessage(UidNext++, content) { IsChanged = true };
        message.Flags.UnionWith(flags);
        Messages.Add(message.Uid, message);
        return message;
    }

    public void Remove(IEnumerable<uint> uids)
    {
        foreach (var uid in uids.ToList()) _hasLost |= Messages.Remove(uid);
    }

    /// <summary>Looks into the store: the same messages, UIDs and flags, and mod-sequences that grew where something changed and only there.</summary>
    public async Task VerifyAsync(ImapTestServer server)
    {
        var info = await server.MailboxAsync(Name);
        var stored = await server.MessagesAsync(Name);
        if (Validity == 0) Validity = info.UidValidity.Value;
        Demand(Validity == info.UidValidity.Value, $"UIDVALIDITY is {info.UidValidity}, not {Validity}");
        var highest = (ulong)info.HighestModSeq.Value;
        Demand(info.UidNext.Value == UidNext, $"UIDNEXT is {info.UidNext}, not {UidNext}");
        Demand(stored.Select(message => message.Uid.Value).SequenceEqual(Messages.Keys), $"holds UIDs {string.Join(',', stored.Select(message => message.Uid))}, not {string.Join(',', Messages.Keys)}");
        Demand(highest >= _highest, $"HIGHESTMODSEQ fell from {_highest} to {highest}");
        Demand(!_hasLost || highest > _highest, "messages went without a mod-sequence");
        foreach (var message in stored)
        {
            var model = Messages[message.Uid.Value];
            var flags = Flags(message.Flags);
            Demand(flags.SetEquals(model.Flags), $"message {message.Uid} has flags ({string.Join(' ', flags)}), not ({string.Join(' ', model.Flags)})");
            var modSeq = (ulong)message.ModSeq.Value;
            Demand(modSeq <= highest, $"message {message.Uid} has MODSEQ {modSeq}, above HIGHESTMODSEQ {highest}");
            Demand(!model.IsChanged || modSeq > _highest, $"message {message.Uid} changed and has MODSEQ {modSeq}, HIGHESTMODSEQ was {_highest}");
            Demand(model.IsChanged || modSeq == model.ModSeq, $"message {message.Uid} did not change, and its MODSEQ went from {model.ModSeq} to {modSeq}");
            Demand(message.Size == model.Size, $"message {message.Uid} has {message.Size} octets, not {model.Size}");
            (model.ModSeq, model.IsChanged) = (modSeq, false);
        }
        (_highest, _hasLost) = (highest, false);
    }

    /// <summary>A model of what the store holds.</summary>
    public static async Task<MailboxModel> ReadAsync(ImapTestServer server, string name)
    {
        var info = await server.MailboxAsync(name);
        var model = new MailboxModel(name) { UidNext = info.UidNext.Value, Validity = info.UidValidity.Value, _highest = (ulong)info.HighestModSeq.Value };
        foreach (var message in await server.MessagesAsync(name))
            model.Messages.Add(message.Uid.Value, new ModelMessage(message.Uid.Value, Encoding.Latin1.GetString(await server.OctetsAsync(message))) { Flags = Flags(message.Flags), ModSeq = (ulong)message.ModSeq.Value });
        return model;
    }

    public static SortedSet<string> Flags(MessageFlags flags)
    {
        var names = new SortedSet<string>(flags.Keywords, StringComparer.OrdinalIgnoreCase);
        foreach (var flag in Enum.GetValues<SystemFlags>())
        {
            if (flag != SystemFlags.None && flags.Has(flag)) names.Add("\\" + flag);
        }
        return names;
    }

    private void Demand(bool holds, string what)
    {
        if (!holds) throw new DisagreementException($"{Name} {what}.");
    }
}
