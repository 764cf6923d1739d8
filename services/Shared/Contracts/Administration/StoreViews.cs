using System.Text.Json.Serialization;

namespace Merpati.Administration;

/// <summary>Where a backup shall go: a folder on the server's own disk, absolute.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BackupOrder(string Folder);

/// <param name="Folder">A data folder of its own now.</param>
/// <param name="Octets">Of all files in it.</param>
public sealed record BackupDone(string Folder, long Octets);

/// <summary>One store after a look at the whole of it.</summary>
/// <param name="Problems">What is wrong with its structure; empty when all is well.</param>
public sealed record StoreCheck(string Store, IReadOnlyList<string> Problems);

/// <summary>The schema of one store of a cluster, after <c>merpati migrate</c>.</summary>
/// <param name="State">current, raised, newer, or toonew, which cannot be worked with.</param>
/// <param name="Found">The version before; 0 for none.</param>
/// <param name="Known">The version of this Merpati.</param>
/// <param name="By">The version of Merpati that made it.</param>
public sealed record SchemaView(string Store, string State, int Found, int Known, string By);

/// <summary>What a check of everything found (<c>merpati fsck</c>).</summary>
/// <param name="At">Its end.</param>
/// <param name="ReadBodies">Whether every octet was read.</param>
/// <param name="Counts">By kind; nothing is wrong where there is none.</param>
/// <param name="Findings">The first of each kind.</param>
public sealed record FsckReport(DateTimeOffset At, double Seconds, bool ReadBodies, IReadOnlyList<FsckCount> Counts, IReadOnlyList<FsckFinding> Findings);

/// <param name="Octets">How many octets it is about; 0 where that does not say anything.</param>
public sealed record FsckCount(string Kind, long Found, long Repaired, long Octets);

/// <param name="Where">Names the content, the queue entry, or account, mailbox and message.</param>
/// <param name="What">What is there and what should be.</param>
public sealed record FsckFinding(string Kind, string Where, string What, bool Repaired);
