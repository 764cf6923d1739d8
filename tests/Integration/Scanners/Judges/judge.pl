#!/usr/bin/perl
# What Mail::DKIM, Mail::SPF and Mail::DMARC say of the cases on standard input: id, kind and arguments between tabs; the id and the result go to standard output.
use strict;
use warnings;
use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Mail::DMARC::PurePerl;
use Mail::SPF;
use Net::DNS::Resolver;

my $resolver = Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $ARGV[0], recurse => 1, dnsrch => 0, defnames => 0, udp_timeout => 5, tcp_timeout => 5);
Mail::DKIM::DNS::resolver($resolver);
my $spf = Mail::SPF::Server->new(dns_resolver => $resolver, hostname => 'judge.example.net');

sub feed {
    my ($verifier, $file) = @_;
    open my $message, '<:raw', $file or die "$file: $!";
    local $/ = undef;
    $verifier->PRINT(<$message>);
    $verifier->CLOSE;
    return $verifier;
}

sub judge_dkim {
    my $verifier = feed(Mail::DKIM::Verifier->new, @_);
    return join ',', map { $_->algorithm && $_->algorithm =~ /ed25519/ ? 'unknown' : $_->result || 'none' } $verifier->signatures;
}

sub judge_arc { return feed(Mail::DKIM::ARC::Verifier->new, @_)->result }

sub judge_spf {
    my ($client, $sender, $hello) = @_;
    my $request = Mail::SPF::Request->new(versions => [1], scope => length $sender ? 'mfrom' : 'helo', identity => length $sender ? $sender : $hello, ip_address => $client, helo_identity => $hello);
    return $spf->process($request)->code;
}

sub judge_dmarc {
    my ($file, $client, $sender, $hello, $author) = @_;
    my $dmarc = Mail::DMARC::PurePerl->new;
    $dmarc->set_resolver($resolver);
    $dmarc->source_ip($client);
    (my $domain = $sender) =~ s/.*@//;
    $dmarc->envelope_from($domain);
    $dmarc->header_from($author);
    $dmarc->dkim([map { { domain => $_->domain, selector => $_->selector, result => $_->result eq 'pass' ? 'pass' : 'fail', human_result => '' } } feed(Mail::DKIM::Verifier->new, $file)->signatures]);
    $dmarc->spf([{ scope => 'mfrom', domain => $domain, result => judge_spf($client, $sender, $hello) }]);
    my $result = $dmarc->validate;
    return $result->result . ' ' . ($result->result eq 'none' ? 'none' : eval { $result->disposition } || 'none');
}

my %judges = (dkim => \&judge_dkim, arc => \&judge_arc, spf => \&judge_spf, dmarc => \&judge_dmarc);
$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my ($number, $kind, @arguments) = split /\t/, $line, -1;
    next unless $judges{$kind};
    my $result = eval { $judges{$kind}->(@arguments) };
    if ($@) { ($result = "crash: $@") =~ s/[\t\n]/ /g }
    print "$number\t", $result // 'none', "\n";
}
