namespace Merpati.Mail.Content;

/// <summary>Finds the names in an archive that streams by in pieces cut anywhere. Throws at nothing that it may be.</summary>
internal interface IArchiveNames
{
    /// <summary>There were more names than were to be found.</summary>
    bool IsTooMuch { get; }

    /// <summary>Something in it needs a password: the names, or what they stand for.</summary>
    bool IsEncrypted { get; }

    /// <summary>There may be names that were not found.</summary>
    bool IsUnreadable { get; }

    /// <summary>More of it would tell nothing.</summary>
    bool IsDone { get; }

    void Write(ReadOnlySpan<byte> octets);

    /// <summary>The archive ended.</summary>
    void Complete();
}
