using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Accounts;

internal static class AccountPrinting
{
    public static void PrintAccounts(this Printer printer, IReadOnlyList<AccountView> accounts)
        => printer.Table(
            ["ADDRESS", "NAME", "STATE", "QUOTA", "MESSAGES"],
            [.. accounts.Select(account => (string[])[account.Address, account.Name ?? "-", !account.Enabled ? "disabled" : account.Shared ? "shared" : "enabled", Octets.Format(account.QuotaOctets), account.QuotaMessages?.ToString(CultureInfo.InvariantCulture) ?? "no limit"])]);
}
