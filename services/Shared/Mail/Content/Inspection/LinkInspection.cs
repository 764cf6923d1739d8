using Merpati.Addresses;
using Merpati.Mail.Auth;
using MimeKit.Text;

namespace Merpati.Mail.Content;

/// <summary>Looks at the links of a text: where they lead, and where they say that they lead.</summary>
internal sealed class LinkInspection(InspectionLimits limits, ISet<string> reasons)
{
    private const int MaxShown = 300;

    // Names of files end in them more often than names of hosts.
    private static readonly string[] TopsOfFiles = ["zip", "mov", "md", "sh", "py", "pl", "ps", "rs", "app", "cab"];

    private int _links;

    public void InspectHtml(string html)
    {
        var tokenizer = new HtmlTokenizer(new StringReader(html)) { DecodeCharacterReferences = true };
        string? target = null;
        var shown = "";
        while (tokenizer.ReadNextToken(out var token))
        {
            switch (token)
            {
                case HtmlTagToken { Id: HtmlTagId.A, IsEndTag: false } tag:
                    End();
                    target = Attribute(tag, HtmlAttributeId.Href);
                    break;
                case HtmlTagToken { Id: HtmlTagId.A, IsEndTag: true }:
                    End();
                    break;
                case HtmlTagToken { Id: HtmlTagId.Area } tag when Attribute(tag, HtmlAttributeId.Href) is { } area:
                    Look(area);
                    break;
                case HtmlTagToken { Id: HtmlTagId.Form } tag when Attribute(tag, HtmlAttributeId.Action) is { } action:
                    Look(action);
                    break;
                case HtmlDataToken { Data: var data } when target is not null && shown.Length < MaxShown:
                    shown += data[..Math.Min(data.Length, MaxShown - shown.Length)];
                    break;
            }
            if (_links > limits.MaxLinks) break;
        }
        End();
        if (_links > limits.MaxLinks) reasons.Add(ContentReason.Limits);

        void End()
        {
            if (target is not null && Look(target) is { } host && ShownHost(shown) is { } said && !PublicSuffixes.AreOfOneOrganization(said, host)) reasons.Add(ContentReason.LinkMismatch);
            (target, shown) = (null, "");
        }
    }

    public void InspectText(string text)
    {
        foreach (var word in text.Split([' ', '\t', '\r', '\n', '<', '>', '"', '(', ')', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!word.StartsWith("http", StringComparison.OrdinalIgnoreCase)) continue;
            Look(word);
            if (_links <= limits.MaxLinks) continue;
            reasons.Add(ContentReason.Limits);
            return;
        }
    }

    private static string? Attribute(HtmlTagToken tag, HtmlAttributeId id) => tag.Attributes.FirstOrDefault(attribute => attribute.Id == id)?.Value;

    /// <summary>The host that it leads to; null when it leads to none.</summary>
    private string? Look(string target)
    {
        if (HostOf(target) is not { } uri) return null;
        _links++;
        if (uri.UserInfo.Length > 0) reasons.Add(ContentReason.LinkUserInfo);
        if (uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            reasons.Add(ContentReason.LinkAddress);
            return null;
        }
        // A name that cannot be in DNS leads nowhere.
        if (DomainName.ToAscii(uri.Host) is not { } ascii) return null;
        var name = DomainName.Normalize(ascii);
        if (ascii.Split('.').Any(label => label.StartsWith("xn--", StringComparison.OrdinalIgnoreCase))) reasons.Add(ContentReason.LinkPunycode);
        if (name.Split('.').Any(LooksMixed)) reasons.Add(ContentReason.LinkMixedScript);
        return name;
    }

    /// <summary>As browsers read it: blanks and line breaks within do not count, and a backslash is a slash.</summary>
    private static Uri? HostOf(string text)
    {
        var target = string.Concat(text.Take(4096).Where(c => c > ' ')).Replace('\\', '/');
        return Uri.TryCreate(target, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.Host.Length > 0 ? uri : null;
    }

    /// <summary>The host that the text of a link shows; null when it shows none.</summary>
    private static string? ShownHost(string shown)
    {
        var words = shown.Split([' ', '\t', '\r', '\n', '\u00a0'], StringSplitOptions.RemoveEmptyEntries);
        var url = words.FirstOrDefault(word => word.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || word.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || word.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
            // The whole text may be the name of a host; a word among others is more often a sentence without a blank.
            ?? (words is [var only] && !only.Contains('@', StringComparison.Ordinal) && only.Contains('.', StringComparison.Ordinal) && !TopsOfFiles.Contains(only[(only.LastIndexOf('.') + 1)..], StringComparer.OrdinalIgnoreCase) ? only : null);
        if (url is null) return null;
        var uri = HostOf(url.Contains("://", StringComparison.Ordinal) ? url : "http://" + url);
        return uri is { HostNameType: UriHostNameType.Dns } && uri.Host.Contains('.', StringComparison.Ordinal) && PublicSuffixes.HasKnownTop(uri.Host) ? DomainName.Normalize(uri.Host) : null;
    }

    /// <summary>Letters of more than one of the scripts whose letters look alike.</summary>
    private static bool LooksMixed(string label)
    {
        var (latin, greek, cyrillic, armenian) = (false, false, false, false);
        foreach (var c in label)
        {
            latin |= c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '\u00c0' and <= '\u024f') or (>= '\u1e00' and <= '\u1eff');
            greek |= c is (>= '\u0370' and <= '\u03ff') or (>= '\u1f00' and <= '\u1fff');
            cyrillic |= c is >= '\u0400' and <= '\u052f';
            armenian |= c is >= '\u0530' and <= '\u058f';
        }
        return (latin ? 1 : 0) + (greek ? 1 : 0) + (cyrillic ? 1 : 0) + (armenian ? 1 : 0) > 1;
    }
}
