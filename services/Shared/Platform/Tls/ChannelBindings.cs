using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Platform.Tls;

/// <summary>
/// The channel bindings of a TLS connection (RFC 5056). SslStream has no way to export keying material (.NET 10), so OpenSSL, which is under
/// it on Linux, is asked itself; where that cannot be done there is no tls-exporter, and no -PLUS mechanism is offered (docs/adr/0015).
/// </summary>
internal static partial class ChannelBindings
{
    private const int ExporterLength = 32;

    private static readonly FieldInfo? Context = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);

    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Of(SslStream tls)
    {
        var bindings = new Dictionary<string, ReadOnlyMemory<byte>>();
        if (tls.SslProtocol == SslProtocols.Tls13 && Export(tls) is { } exported) bindings.Add("tls-exporter", exported);
        if (tls.LocalCertificate is X509Certificate2 certificate && Hash(certificate) is { } hash) bindings.Add("tls-server-end-point", hash);
        return bindings;
    }

    /// <summary>RFC 9266 §2: 32 octets under the label EXPORTER-Channel-Binding, without a context.</summary>
    internal static byte[]? Export(SslStream tls)
    {
        try
        {
            // On Linux the security context is OpenSSL's SSL object.
            if (!OperatingSystem.IsLinux() || Context?.GetValue(tls) is not SafeHandle { IsInvalid: false } handle || handle.GetType().Name != "SafeSslHandle") return null;
            var exported = new byte[ExporterLength];
            var label = "EXPORTER-Channel-Binding"u8;
            return ExportKeyingMaterial(handle, exported, ExporterLength, label, (nuint)label.Length, [], 0, 1) == 1 ? exported : null;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException or ObjectDisposedException) { return null; }
    }

    /// <summary>RFC 5929 §4.1: hashed as the certificate's signature is, but never by MD5 or SHA-1. Null where the signature names no hash.</summary>
    private static byte[]? Hash(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        // RSA and ECDSA with MD5, SHA-1 or SHA-256
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawDataMemory.Span),
        _ => null,
    };

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_export_keying_material")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ExportKeyingMaterial(SafeHandle ssl, Span<byte> output, nuint outputLength, ReadOnlySpan<byte> label, nuint labelLength, ReadOnlySpan<byte> context, nuint contextLength, int useContext);
}
