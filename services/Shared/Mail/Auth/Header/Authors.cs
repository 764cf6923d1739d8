using Merpati.Addresses;
using MimeKit;

namespace Merpati.Mail.Auth;

/// <summary>Who a message says that it is from.</summary>
internal static class Authors
{
    // From is one field with one address in nearly all mail.
    private const int MaxAuthors = 20;

    /// <summary>The domains of all authors in all From fields, each once.</summary>
    public static IReadOnlyList<string> Domains(IReadOnlyList<RawField> fields)
    {
        var domains = new List<string>();
        foreach (var field in fields)
        {
            if (!field.Is("From") || !InternetAddressList.TryParse(field.Value.ToArray(), out var list)) continue;
            foreach (var author in list.Mailboxes.Take(MaxAuthors))
            {
                var domain = DomainName.Normalize(author.Domain ?? "");
                if (domain.Length > 0 && !domains.Contains(domain)) domains.Add(domain);
            }
        }
        return domains;
    }
}
