using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.Platform.Tls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>
/// Answers strangers over HTTPS: settings for mail clients and the MTA-STS policy of the domains that are served here. An answer depends on the domain alone, so that nobody learns which addresses exist.
/// </summary>
public sealed class ClientSettingsSite(IDirectory directory, IOptions<ClientSettingsOptions> options, CertificateSource certificates, TimeProvider time)
{
    private const string XmlType = "text/xml; charset=utf-8";
    private const string PolicyLabel = "mta-sts.";
    private const string ConfigurationLabel = "autoconfig.";
    private const string DiscoveryLabel = "autodiscover.";

    public async Task AnswerAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (request, cancellationToken) = (context.Request, context.RequestAborted);
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var (kind, answered) = request.Path.Value?.ToLowerInvariant() switch
        {
            "/.well-known/mta-sts.txt" => ("mta-sts", IsRead(request) && await PolicyAsync(context, cancellationToken)),
            "/mail/config-v1.1.xml" or "/.well-known/autoconfig/mail/config-v1.1.xml" => ("autoconfig", IsRead(request) && await AutoconfigAsync(context, cancellationToken)),
            "/autodiscover/autodiscover.xml" => ("autodiscover", await AutodiscoverAsync(context, cancellationToken)),
            "/autodiscover/autodiscover.json" or "/autodiscover/autodiscover.json/v1.0" => ("autodiscover-json", IsRead(request) && await JsonAsync(context, cancellationToken)),
            "/email.mobileconfig" => ("apple", IsRead(request) && await ProfileAsync(context, cancellationToken)),
            _ => ("other", false),
        };
        if (!answered) context.Response.StatusCode = StatusCodes.Status404NotFound;
        UserDirectoryTelemetry.CountSettings(kind, answered);
    }

    private static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private async ValueTask<bool> PolicyAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.3: the name is mta-sts. and the domain, and nothing is redirected.
        var host = context.Request.Host.Host;
        if (!host.StartsWith(PolicyLabel, StringComparison.OrdinalIgnoreCase) || await LocalAsync(host[PolicyLabel.Length..], cancellationToken) is null) return false;
        await WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(options.Value.Policy.Text), cancellationToken);
        return true;
    }

    private async ValueTask<bool> AutoconfigAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await DomainAsync(context.Request, context.Request.Query["emailaddress"], cancellationToken) is not { } domain) return false;
        await WriteAsync(context, XmlType, Autoconfig.Of(domain, options.Value).ToOctets(), cancellationToken);
        return true;
    }

    private async ValueTask<bool> AutodiscoverAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var isPost = HttpMethods.IsPost(context.Request.Method);
        // Some look first whether anything is here at all.
        if (!isPost && !IsRead(context.Request)) return false;
        AutodiscoverQuestion? question = null;
        if (isPost)
        {
            try { question = await Autodiscover.ReadAsync(context.Request.Body); }
            catch (BadHttpRequestException) { question = null; } // too large, or broken off
        }
        var answer = question switch
        {
            null or { Address: null } => Autodiscover.Error(600, "Invalid Request", time.GetUtcNow()),
            _ when !Autodiscover.Understands(question) => Autodiscover.Error(601, "Provider is not available", time.GetUtcNow()),
            _ when EmailAddress.TryParse(question.Address, out var address) && await LocalAsync(address.Domain, cancellationToken) is not null => Autodiscover.Of(options.Value, address.ToString()),
            _ => Autodiscover.Error(500, "The email address can't be found.", time.GetUtcNow()),
        };
        await WriteAsync(context, XmlType, answer.ToOctets(), cancellationToken);
        return true;
    }

    private async ValueTask<bool> JsonAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await DomainAsync(context.Request, context.Request.Query["Email"], cancellationToken) is null) return false;
        var (found, json) = Autodiscover.Json(context.Request.Query["Protocol"], options.Value.SiteHost);
        if (!found) context.Response.StatusCode = StatusCodes.Status400BadRequest;
        await WriteAsync(context, "application/json; charset=utf-8", json, cancellationToken);
        return true;
    }

    private async ValueTask<bool> ProfileAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(context.Request.Query["email"], out var address) || await LocalAsync(address.Domain, cancellationToken) is null) return false;
        var profile = AppleProfile.Of(address, options.Value);
        if (certificates.Find(context.Request.Host.Host) is var (leaf, chain)) profile = AppleProfile.Sign(profile, leaf, chain);
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{address.Domain.Replace('"', '_')}.mobileconfig\"";
        await WriteAsync(context, AppleProfile.MediaType, profile, cancellationToken);
        return true;
    }

    /// <summary>That of the address where one is given, else of the name under which this was asked. Null where it is not ours.</summary>
    private async ValueTask<string?> DomainAsync(HttpRequest request, string? address, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(address)) return EmailAddress.TryParse(address, out var parsed) ? await LocalAsync(parsed.Domain, cancellationToken) : null;
        var host = request.Host.Host;
        foreach (var label in (string[])[ConfigurationLabel, DiscoveryLabel])
        {
            if (host.StartsWith(label, StringComparison.OrdinalIgnoreCase)) return await LocalAsync(host[label.Length..], cancellationToken);
        }
        return await LocalAsync(host, cancellationToken);
    }

    private async ValueTask<string?> LocalAsync(string name, CancellationToken cancellationToken)
    {
        var domain = DomainName.Normalize(name);
        return domain.Length is > 0 and <= 253 && await directory.IsLocalDomainAsync(domain, cancellationToken) ? domain : null;
    }

    private static async ValueTask WriteAsync(HttpContext context, string type, byte[] octets, CancellationToken cancellationToken)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = octets.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(octets, cancellationToken);
    }
}
