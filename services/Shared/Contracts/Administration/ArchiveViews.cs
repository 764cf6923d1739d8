namespace Merpati.Administration;

/// <summary>Who there is, beside the archives of an export of all accounts. Without passwords and keys.</summary>
public sealed record DirectoryExport(IReadOnlyList<DomainView> Domains, IReadOnlyList<AccountView> Accounts, IReadOnlyList<AliasView> Aliases);

/// <summary>What <c>merpati export</c> prints.</summary>
public sealed record ExportView(IReadOnlyList<ExportedView> Accounts);

/// <param name="Damaged">Messages that could not be read.</param>
public sealed record ExportedView(string Address, int Mailboxes, long Messages, long Octets, IReadOnlyList<string> Damaged);

/// <summary>What <c>merpati import</c> prints.</summary>
public sealed record ImportView(IReadOnlyList<ImportedView> Accounts);

/// <param name="Known">Were there already.</param>
/// <param name="Renumbered">Have another UID than in the archive.</param>
public sealed record ImportedView(string Address, int Mailboxes, long Messages, long Octets, long Known, long Renumbered, IReadOnlyList<string> NotTaken);
