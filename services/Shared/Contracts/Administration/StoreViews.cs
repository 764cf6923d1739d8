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
